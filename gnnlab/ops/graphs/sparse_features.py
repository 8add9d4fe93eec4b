"""Sparse node features, such as bags of words: only entries other than zero are stored."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gnnlab.kernels.hashing import keep_elements
from gnnlab.ops.base.bounds import check_numbers, check_pointers
from gnnlab.ops.base.memo import remember
from gnnlab.ops.base.precision import widen
from gnnlab.ops.graphs.bipartite import check_lists
from gnnlab.ops.graphs.tensors import check_float
from gnnlab.ops.rows.grouping import group

LAYOUTS = (torch.sparse_csr, torch.sparse_coo)
Drop = tuple[float, int | Tensor]
"""Probability and seed of dropout."""


class Entries(NamedTuple):
    """The stored numbers grouped by row, or (turned) by column."""

    rowptr: Tensor
    """(R + 1,) int32."""
    row: Tensor
    """(M,) int32: the group of each number."""
    col: Tensor
    """(M,) int32: its other coordinate."""
    values: Tensor
    """(M,), not dropped yet."""
    steps: tuple[int, int]
    """How far the one coordinate, and the other, move the number of a dense element."""


class SparseFeatures:
    """An immutable (N, F) matrix by its non-zeros: sorted by row, and once by column for gradients.

    It stands for ``x`` wherever a layer reads features first: ``ops.dropout`` marks what is
    dropped, ``ops.linear`` multiplies. The features are data and take no gradient.

    Args:
        rowptr: (N + 1,) int32; like the next two copied.
        col: (M,) int32.
        values: (M,), floating point.
        num_columns: F.
        drop: probability and seed of dropout, or None; element (i, f) stays or goes as element
            i F + f of the dense matrix would.

    Raises:
        ValueError: these are no such matrix.

    Example:
        >>> x = SparseFeatures.of(torch.tensor([[0.0, 2.0], [0.0, 0.0]]).to_sparse_csr())
        >>> x.shape, x.col.tolist(), x.values.tolist()
        (torch.Size([2, 2]), [1], [2.0])
    """

    def __init__(
        self,
        rowptr: Tensor,
        col: Tensor,
        values: Tensor,
        num_columns: int,
        drop: Drop | None = None,
    ) -> None:
        check_lists(rowptr, col, num_columns)
        _check_values(values, col)
        with torch.inference_mode(False):
            rowptr, col = (part.detach().to(torch.int32, copy=True) for part in (rowptr, col))
            self._fill(rowptr, col, values.detach().clone().contiguous(), int(num_columns), drop)

    def _fill(
        self, rowptr: Tensor, col: Tensor, values: Tensor, num_columns: int, drop: Drop | None
    ) -> None:
        """Take over numbers that are known to be right and that nobody else changes."""
        if hasattr(self, "_rowptr"):
            raise RuntimeError("SparseFeatures are immutable: build others")
        self._rowptr, self._col, self._values = rowptr, col, values
        self._num_columns, self._drop = num_columns, drop

    def _with(self, values: Tensor, drop: Drop | None) -> SparseFeatures:
        return trusted(self._rowptr, self._col, values, self._num_columns, drop)

    @classmethod
    def of(cls, x: Tensor | SparseFeatures) -> SparseFeatures:
        """Read a sparse tensor, CSR or COO, once as long as it lives unchanged.

        Raises:
            ValueError: x is dense, not an (N, F) matrix of single floating numbers, requires a
                gradient, or names a column that it does not have.
        """
        if isinstance(x, SparseFeatures):
            return x
        if not isinstance(x, Tensor) or not is_sparse(x):
            kind = x.layout if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"sparse features are a CSR or COO tensor, not {kind}; use F.linear")
        if x.requires_grad:
            raise ValueError(
                "sparse features require a gradient, which is not computed for them: use "
                "x.detach(), or x.to_dense() where the gradient is wanted"
            )
        return remember(x, "features", partial(_build, x))

    @property
    def rowptr(self) -> Tensor:
        """(N + 1,) int32: where each row's entries begin; a copy."""
        return self._rowptr.clone()

    @property
    def col(self) -> Tensor:
        """(M,) int32: the column of each entry; a copy."""
        return self._col.clone()

    @property
    def values(self) -> Tensor:
        """(M,): the entries; a copy."""
        return self._values.clone()

    @property
    def num_columns(self) -> int:
        """F."""
        return self._num_columns

    @property
    def drop(self) -> Drop | None:
        """Probability and seed of dropout."""
        return self._drop

    @property
    def shape(self) -> torch.Size:
        """(N, F)."""
        return torch.Size((self._rowptr.shape[0] - 1, self.num_columns))

    @property
    def dtype(self) -> torch.dtype:
        """Of the values."""
        return self._values.dtype

    @property
    def device(self) -> torch.device:
        """Where the features lie."""
        return self._values.device

    def dropped(self, p: float, seed: int | Tensor) -> SparseFeatures:
        """Mark entries as dropped; they are where dense dropout with this seed drops."""
        if self.drop is not None:
            raise ValueError("these features were dropped out before: apply dropout once")
        return self._with(self._values, (p, seed))

    def with_values(self, values: Tensor) -> SparseFeatures:
        """Return the same places with other numbers (M,).

        Raises:
            ValueError: there are more or fewer of them, or they are not floating point.
        """
        if torch.compiler.is_compiling():
            return self._with(values, self.drop)
        _check_values(values, self._col)
        return self._with(values.detach().clone().contiguous(), self.drop)

    def _entries(self, turned: bool = False) -> Entries:
        """The numbers by row, or by column; the order by column is sorted once."""
        build = partial(_sorted, self._rowptr, self._col.detach(), self.num_columns)
        row, rowptr, order, places = remember(self._col, ("entries", self.num_columns), build)
        if not turned:
            return Entries(self._rowptr, row, self._col, self._values, (self.num_columns, 1))
        values = self._values.index_select(0, order)
        return Entries(rowptr, *places, values, (1, self.num_columns))

    def to_dense(self) -> Tensor:
        """(N, F), what is dropped being 0."""
        rows, columns = self.shape
        numbers = torch.arange(rows, device=self.device)
        row = numbers.repeat_interleave(self._rowptr.diff(), output_size=self._col.shape[0])
        place = row * columns + self._col
        values = widen(self._values)
        if self.drop is not None:
            p, seed = self.drop
            values = torch.where(keep_elements(place, p, seed), values * (1.0 / (1.0 - p)), 0)
        dense = values.new_zeros(rows * columns).index_put((place,), values, accumulate=True)
        return dense.reshape(self.shape).to(self.dtype)

    def to(self, device: torch.device | str) -> SparseFeatures:
        """Return the features on another device."""
        rowptr, col, values = (part.to(device) for part in (self._rowptr, self._col, self._values))
        return trusted(rowptr, col, values, self.num_columns, self.drop)

    def size(self, axis: int) -> int:
        """N or F."""
        return self.shape[axis]

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"SparseFeatures{tuple(self.shape)} with {self._col.shape[0]} entries"

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self._rowptr, self._col, self._values
        return SparseFeatures, (*parts, self.num_columns, self.drop)


def trusted(
    rowptr: Tensor, col: Tensor, values: Tensor, num_columns: int, drop: Drop | None
) -> SparseFeatures:
    """The features of numbers that are known to be right and that nobody else changes."""
    features = SparseFeatures.__new__(SparseFeatures)
    features._fill(rowptr, col, values, num_columns, drop)
    return features


def is_sparse(x: Tensor | SparseFeatures) -> bool:
    """Whether features are to be read by :meth:`SparseFeatures.of`."""
    return isinstance(x, SparseFeatures) or (isinstance(x, Tensor) and x.layout in LAYOUTS)


def _build(x: Tensor) -> SparseFeatures:
    with torch.inference_mode(False):  # else they could not be used in training later
        x = x if x.layout is torch.sparse_csr else x.coalesce()
        values = x.values().detach()
        if x.dim() != 2 or values.dim() != 1 or not values.is_floating_point():
            raise ValueError(
                f"sparse features must be one floating number an entry of an (N, F) matrix, not "
                f"{values.dtype} {tuple(values.shape[1:])} in {tuple(x.shape)}"
            )
        if x.layout is torch.sparse_csr:
            rowptr, col = x.crow_indices(), x.col_indices()
        else:
            row, col = x.indices()
            rowptr = torch.zeros(x.shape[0] + 1, dtype=torch.int64, device=x.device)
            rowptr[1:] = torch.bincount(row, minlength=x.shape[0]).cumsum(0)
        check_pointers("the row pointers", rowptr, col.shape[0])
        check_numbers("an entry is in column", col, x.shape[1], "columns")
        # Clones, so that the entry dies with x, whose memory they would share otherwise.
        rowptr, col = (part.to(torch.int32, copy=True).contiguous() for part in (rowptr, col))
        return trusted(rowptr, col, values.clone(), x.shape[1], None)


def _check_values(values: Tensor, col: Tensor) -> None:
    check_float("values", values, (1,), "(M,)")
    if values.shape != col.shape or values.device != col.device:
        raise ValueError(
            f"values are {tuple(values.shape)} on {values.device}, but there are {col.shape[0]} "
            f"places on {col.device}: give one number for each there"
        )
    if values.requires_grad:
        raise ValueError("sparse features require a gradient, which is not computed: use detach()")


def _sorted(
    rowptr: Tensor, col: Tensor, columns: int
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor]]:
    """The row of each number; then by column: pointers, order, columns and rows."""
    with torch.inference_mode(False):
        numbers = torch.arange(rowptr.shape[0] - 1, dtype=torch.int32, device=col.device)
        row = numbers.repeat_interleave(rowptr.diff(), output_size=col.shape[0])
        pointers, order = group(col, columns)
        return row, pointers, order, (col.index_select(0, order), row.index_select(0, order))
