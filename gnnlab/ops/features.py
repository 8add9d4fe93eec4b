"""Node features of which few are other than zero, such as bags of words."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ._memo import remember
from .adjacency import LIMIT, group

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
        rowptr: (N + 1,) int32.
        col: (M,) int32.
        values: (M,), floating point.
        num_columns: F.
        drop: probability and seed of dropout, or None; element (i, f) stays or goes as element
            i F + f of the dense matrix would.

    Raises:
        ValueError: by :meth:`of`, for what is no such matrix. The constructor takes its word.

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
        self.rowptr, self.col, self.values = rowptr, col, values
        self.num_columns, self.drop = num_columns, drop

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
    def shape(self) -> torch.Size:
        """(N, F)."""
        return torch.Size((self.rowptr.shape[0] - 1, self.num_columns))

    @property
    def dtype(self) -> torch.dtype:
        """Of the values."""
        return self.values.dtype

    @property
    def device(self) -> torch.device:
        """Where the features lie."""
        return self.values.device

    def dropped(self, p: float, seed: int | Tensor) -> SparseFeatures:
        """Mark entries as dropped; they are where dense dropout with this seed drops."""
        if self.drop is not None:
            raise ValueError("these features were dropped out before: apply dropout once")
        return SparseFeatures(self.rowptr, self.col, self.values, self.num_columns, (p, seed))

    def with_values(self, values: Tensor) -> SparseFeatures:
        """Return the same places with other numbers."""
        return SparseFeatures(self.rowptr, self.col, values, self.num_columns, self.drop)

    def entries(self, turned: bool = False) -> Entries:
        """Return the numbers by row, or by column; the order by column is sorted once."""
        build = partial(_sorted, self.rowptr, self.col.detach(), self.num_columns)
        row, rowptr, order, places = remember(self.col, ("entries", self.num_columns), build)
        if not turned:
            return Entries(self.rowptr, row, self.col, self.values, (self.num_columns, 1))
        values = self.values.index_select(0, order)
        return Entries(rowptr, *places, values, (1, self.num_columns))

    def to_dense(self) -> Tensor:
        """(N, F), what is dropped being 0."""
        from .linear import linear

        eye = torch.eye(self.num_columns, dtype=self.dtype, device=self.device)
        return linear(self, eye)

    def to(self, device: torch.device | str) -> SparseFeatures:
        """Return the features on another device."""
        rowptr, col, values = (part.to(device) for part in (self.rowptr, self.col, self.values))
        return SparseFeatures(rowptr, col, values, self.num_columns, self.drop)

    def size(self, axis: int) -> int:
        """N or F."""
        return self.shape[axis]

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"SparseFeatures{tuple(self.shape)} with {self.col.shape[0]} entries"


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
        _check_indices(rowptr, col, x.shape[1])
        # Clones, so that the entry dies with x, whose memory they would share otherwise.
        rowptr, col = (part.to(torch.int32, copy=True).contiguous() for part in (rowptr, col))
        return SparseFeatures(rowptr, col, values.clone(), x.shape[1])


def _check_indices(rowptr: Tensor, col: Tensor, columns: int) -> None:
    """Compiled loops follow these numbers without looking."""
    count = col.shape[0]
    if max(rowptr.shape[0], count, columns) >= LIMIT:
        raise ValueError(f"there are {count} entries, rows or columns; at most {LIMIT - 1} fit")
    ends = int(rowptr[0]), int(rowptr[-1])
    if ends != (0, count) or bool((rowptr.diff() < 0).any()):
        raise ValueError(
            f"the row pointers run from {ends[0]} to {ends[1]}, but must rise from 0 to the "
            f"{count} entries: build the tensor with torch.sparse_csr_tensor(..., "
            "check_invariants=True)"
        )
    if count:
        low, high = (int(value) for value in torch.aminmax(col))
        if low < 0 or high >= columns:
            raise ValueError(
                f"an entry is in column {low if low < 0 else high}, but there are {columns} "
                f"columns, numbered 0 to {columns - 1}: give the tensor its real size"
            )


def _sorted(
    rowptr: Tensor, col: Tensor, columns: int
) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor]]:
    """The row of each number; then by column: pointers, order, columns and rows."""
    with torch.inference_mode(False):
        numbers = torch.arange(rowptr.shape[0] - 1, dtype=torch.int32, device=col.device)
        row = numbers.repeat_interleave(rowptr.diff(), output_size=col.shape[0])
        pointers, order = group(col, columns)
        return row, pointers, order, (col.index_select(0, order), row.index_select(0, order))
