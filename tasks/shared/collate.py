"""Collation of chosen graphs into a mini-batch: the same as PyG's, without a loop over graphs."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data

DTYPES = (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.float32, torch.float64,
)  # fmt: skip
"""Of tensors that are joined here: those that numpy has as well."""


class Collate:
    """Make of the graphs with the given numbers what ``Batch.from_data_list`` makes, to the bit.

    The graphs' tensors are laid end to end once, and a batch takes its rows out of them. Tensors,
    numbers and strings that every graph has are joined here. Keys of another kind are left to PyG,
    and so are all keys where graphs differ in the keys they have or are no plain ``Data``. A batch
    shares no memory with the graphs or with another batch. It serves as the ``collate_fn`` of a
    torch ``DataLoader`` over ``range(G)``.

    Args:
        graphs: G graphs; what is changed in them later is not seen.

    Shapes:
        x (N, F), edge_index (2, E), y (1,) each; B numbers -> x (sum N, F), …, batch (sum N,),
        ptr (B + 1,)

    Cost: once a copy of the graphs' tensors; a batch costs what its own are copied in.
    """

    def __init__(self, graphs: Sequence[Data]) -> None:
        from torch_geometric.data import Batch, Data

        self.graphs = graphs
        lengths = AllLengths()
        self.columns = _columns(graphs, lengths) if _alike(graphs) else {}
        self.nodes = lengths.of([graph.num_nodes or 0 for graph in graphs] if self.columns else [])
        keys = set(graphs[0].keys())
        self.counted = "num_nodes" in keys
        self.complete = self.columns.keys() | {"num_nodes"} >= keys
        # Made once, because PyG looks up the signature of Data for every new one.
        self.empty = Batch(_base_cls=Data)

    def __call__(self, numbers: Sequence[int]) -> Batch:
        if not self.columns:
            return self._others(numbers)
        chosen = Chosen(np.asarray(numbers), self.nodes)
        batch, slices, incs = self._begin(numbers)
        for key, column in self.columns.items():
            batch[key], slices[key], incs[key] = column.join(chosen)
        nodes = chosen.span(self.nodes)
        if self.counted:
            batch._num_nodes = nodes.sizes.tolist()
            batch["num_nodes"] = int(nodes.ends[-1])
        if self.complete:
            batch["batch"] = torch.from_numpy(nodes.owners)
            batch["ptr"] = nodes.bounds
        batch._num_graphs, batch._slice_dict, batch._inc_dict = len(numbers), slices, incs
        return batch

    def _begin(self, numbers: Sequence[int]) -> tuple[Batch, dict[str, Any], dict[str, Any]]:
        """A batch of the keys that are left to PyG, how it cuts them up and what it added."""
        if self.complete:
            return copy(self.empty), {}, {}
        batch = self._others(numbers, [*self.columns, "num_nodes"])
        return batch, batch._slice_dict, batch._inc_dict

    def _others(self, numbers: Sequence[int], known: list[str] | None = None) -> Batch:
        """Let PyG join the keys that are not known."""
        from torch_geometric.data import Batch

        chosen = [self.graphs[number] for number in numbers]
        batch: Batch = Batch.from_data_list(chosen, exclude_keys=known)
        return batch


class Lengths:
    """How many rows of some table belong to each graph.

    Shapes:
        sizes, starts (G,)
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = np.array(sizes, dtype=np.int64)
        self.starts = self.sizes.cumsum() - self.sizes


class AllLengths(dict[bytes, Lengths]):
    """Those of all tables, each kept once."""

    def of(self, sizes: Sequence[int]) -> Lengths:
        made = Lengths(sizes)
        return self.setdefault(made.sizes.tobytes(), made)


class Span:
    """Where the rows of a batch's graphs lie in a table of all graphs.

    Shapes:
        sizes, ends (B,); rows, owners (n,); bounds (B + 1,)
    """

    def __init__(self, lengths: Lengths, numbers: np.ndarray) -> None:
        self.sizes = lengths.sizes[numbers]
        self.ends = self.sizes.cumsum()
        shifts = lengths.starts[numbers] - self.ends + self.sizes
        self.rows = np.arange(self.ends[-1]) + self.spread(shifts)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Give every row its graph's value."""
        return np.repeat(values, self.sizes)

    @property
    def owners(self) -> np.ndarray:
        """The place of each row's graph in the batch."""
        return self.spread(np.arange(len(self.sizes)))

    @cached_property
    def bounds(self) -> Tensor:
        """Where each graph's rows begin in the batch, and where the last ones end."""
        return torch.from_numpy(np.concatenate([np.zeros(1, np.int64), self.ends]))


class Chosen:
    """The graphs of one batch; what several keys need is found once.

    Shapes:
        numbers, offsets (B,): the graphs, and the nodes of those before each
    """

    def __init__(self, numbers: np.ndarray, nodes: Lengths) -> None:
        self.numbers = numbers
        self.spans: dict[Lengths, Span] = {}
        self.offsets = self.span(nodes).ends - self.span(nodes).sizes

    def span(self, lengths: Lengths) -> Span:
        if lengths not in self.spans:
            self.spans[lengths] = Span(lengths, self.numbers)
        return self.spans[lengths]

    @cached_property
    def nothing(self) -> Tensor:
        """What is added to keys that do not count nodes."""
        return torch.zeros(len(self.numbers), dtype=torch.int64)


Joined = tuple[Any, Tensor, Tensor | None]
"""A batch's value, where each graph's part of it begins, and what was added to each."""


@dataclass(frozen=True)
class Table:
    """A key whose values are tensors, end to end.

    Args:
        values: of all graphs.
        lengths: of each graph's along the axis they are joined on.
        index: node numbers: joined along the last axis, and raised by the nodes before.
    """

    values: np.ndarray
    lengths: Lengths
    index: bool

    def join(self, chosen: Chosen) -> Joined:
        span = chosen.span(self.lengths)
        value = self.values.take(span.rows, axis=-1 if self.index else 0)
        if not self.index:
            return torch.from_numpy(value), span.bounds, chosen.nothing
        value += span.spread(chosen.offsets)
        return torch.from_numpy(value), span.bounds, torch.from_numpy(chosen.offsets)


@dataclass(frozen=True)
class Numbers:
    """A key whose values are numbers of Python: a tensor of one entry a graph."""

    values: tuple[int | float, ...]

    def join(self, chosen: Chosen) -> Joined:
        value = torch.tensor([self.values[number] for number in chosen.numbers])
        return value, torch.arange(len(value) + 1), chosen.nothing


@dataclass(frozen=True)
class Words:
    """A key whose values are strings: a list of them."""

    values: tuple[str, ...]

    def join(self, chosen: Chosen) -> Joined:
        value = [self.values[number] for number in chosen.numbers]
        return value, torch.arange(len(value) + 1), None


def _alike(graphs: Sequence[Data]) -> bool:
    """Whether all are plain graphs with the same keys, whose nodes PyG counts by the rows of x."""
    from torch_geometric.data import Data

    keys = set(graphs[0].keys())
    plain = all(type(graph) is Data and set(graph.keys()) == keys for graph in graphs)
    return plain and "x" in keys and all(type(graph.num_nodes) is int for graph in graphs)


def _columns(graphs: Sequence[Data], lengths: AllLengths) -> dict[str, Table | Numbers | Words]:
    """How each key is joined; those without an entry are left to PyG."""
    found: dict[str, Table | Numbers | Words] = {}
    for key in graphs[0].to_dict():
        # PyG raises a "batch" by its largest value and drops a "ptr".
        if key == "num_nodes" or key == "ptr" or "batch" in key:
            continue
        index = "index" in key or key == "face"
        values = tuple(graph[key] for graph in graphs)
        kinds = {type(value) for value in values}
        if kinds == {Tensor} and _joinable(values, index):
            found[key] = _table(values, index, lengths)
        elif kinds in ({int}, {float}) and not index:
            found[key] = Numbers(values)
        elif kinds == {str}:
            found[key] = Words(values)
    return found


def _joinable(values: Sequence[Tensor], index: bool) -> bool:
    """Whether these are dense tensors on the CPU that differ in the joined axis alone."""
    alike = {(v.dtype, v.device.type, v.layout, v.is_nested, v.requires_grad) for v in values}
    dtypes = (torch.int64,) if index else DTYPES
    if not any(alike == {(dtype, "cpu", torch.strided, False, False)} for dtype in dtypes):
        return False
    shapes = {tuple(value.shape[:-1] if index else value.shape[1:]) for value in values}
    return len(shapes) == 1 and len({value.dim() for value in values}) == 1


def _table(values: Sequence[Tensor], index: bool, lengths: AllLengths) -> Table:
    """Lay tensors end to end."""
    if values[0].dim() == 0:
        values = [value.reshape(1) for value in values]
    axis = -1 if index else 0
    own = lengths.of([value.shape[axis] for value in values])
    return Table(torch.cat(list(values), dim=axis).numpy(), own, index)
