"""Graphs under one name: a data set of many, with splits over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_count, check_text
from gnnlab.core.html import table
from gnnlab.datasets.values.masks import Masks

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class Graphs(Sequence["Data"]):
    """A dataset of graphs, each a PyG ``Data`` with its label, with splits over the graphs.

    PyG's ``DataLoader`` takes it as it is. It is never changed: :meth:`map` and :meth:`with_graphs`
    give another one.

    Args:
        graphs: x (N, F), edge_index (2, E) and y each: (1,) for a class, (1, T) for T labels or
            numbers, (N,) for classes of nodes; none where pairs of nodes are what is asked for.
        masks: S splits of the G graphs.
        classes: C, or T.
        name, source, split, features, raw_hash: what was loaded, as ``datasets.load`` names it.
        targets: names of the T numbers, where they have any.
        x_sizes, edge_sizes: how many values the columns of ``x`` and ``edge_attr`` have, where
            those are codes of categories.
        metric: by which the set is judged where a task names none; the task's own if empty.
        class_names: of the C classes, where they have any.

    Raises:
        ValueError: no graph, another number of graphs than the masks have rows, or a value of
            another type than is said here.

    Example:
        >>> from torch_geometric.data import Data
        >>> one = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> one.y = torch.tensor([0])
        >>> part = torch.tensor([[0], [1], [2]])
        >>> masks = Masks(part == 0, part == 1, part == 2)
        >>> Graphs((one, one, one), masks, classes=2, name="ones")
        Graphs('ones': 3 graphs, 1 features, 2 classes, 1 splits)
    """

    graphs: tuple[Data, ...]
    masks: Masks
    classes: int
    name: str
    source: str = ""
    split: str = ""
    features: str = ""
    raw_hash: str = ""
    targets: tuple[str, ...] = ()
    x_sizes: tuple[int, ...] = ()
    edge_sizes: tuple[int, ...] = ()
    metric: str = ""
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_count("classes", self.classes, 0)
        for name in ("name", "metric"):
            check_text(name, getattr(self, name))
        object.__setattr__(self, "graphs", tuple(self.graphs))
        if not isinstance(self.masks, Masks):
            raise ValueError(
                f"masks is {described(self.masks)}, but {self.name} needs "
                "gnnlab.datasets.Masks(train, val, test), boolean (G, S) each"
            )
        if not self.graphs or len(self.graphs) != len(self.masks.train):
            raise ValueError(
                f"{self.name} has {len(self.graphs)} graphs and masks for "
                f"{len(self.masks.train)}: give at least one graph, and each a row of the masks"
            )

    @property
    def train_mask(self) -> Tensor:
        """(G, S) bool."""
        return self.masks.train

    @property
    def val_mask(self) -> Tensor:
        """(G, S) bool."""
        return self.masks.val

    @property
    def test_mask(self) -> Tensor:
        """(G, S) bool."""
        return self.masks.test

    @cached_property
    def y(self) -> Tensor:
        """The graphs' targets, one after the other: (G,), (G, T), or all nodes'."""
        return torch.cat([data.y if data.y.dim() else data.y[None] for data in self.graphs])

    @property
    def num_features(self) -> int:
        """F."""
        return int(self.graphs[0].num_features)

    num_node_features = num_features

    @property
    def num_classes(self) -> int:
        """C."""
        return self.classes

    def map(self, function: Callable[[Data], Data]) -> Graphs:
        """Apply a transform to a shallow copy of every graph."""
        return self.with_graphs(function(copy(data)) for data in self.graphs)

    def with_graphs(self, graphs: Iterable[Data]) -> Graphs:
        """Return the dataset with other graphs in the place of its own, in the same order."""
        return replace(self, graphs=tuple(graphs))

    def only(self, kept: Sequence[int]) -> Graphs:
        """Return the dataset of some of its graphs, in the order given, with their splits."""
        graphs = tuple(self.graphs[number] for number in kept)
        return replace(self, graphs=graphs, masks=self.masks.rows(kept))

    def first(self, sizes: Sequence[int]) -> Graphs:
        """Return the dataset of the first so many training, validation and test graphs.

        Raises:
            ValueError: several splits, or a part that has fewer.
        """
        parts = (self.masks.train, self.masks.val, self.masks.test)
        if parts[0].shape[1] != 1:
            raise ValueError(
                f"{self.name} has {parts[0].shape[1]} splits, and sizes={list(sizes)} is for sets "
                "with one: leave it out"
            )
        kept: list[int] = []
        for part, size, what in zip(parts, sizes, ("train", "validation", "test"), strict=True):
            numbers = part[:, 0].nonzero()[:, 0].tolist()
            if len(numbers) < size:
                raise ValueError(
                    f"sizes asks for {size} {what} graphs, but {self.name} has {len(numbers)}: ask "
                    "for fewer"
                )
            kept += numbers[:size]
        return self.only(sorted(kept))

    def __len__(self) -> int:
        return len(self.graphs)

    @overload
    def __getitem__(self, index: int) -> Data: ...
    @overload
    def __getitem__(self, index: slice) -> list[Data]: ...
    def __getitem__(self, index: Any) -> Any:
        found = self.graphs[index]
        return list(found) if isinstance(found, tuple) else found

    def __iter__(self) -> Iterator[Data]:
        return iter(self.graphs)

    def _repr_html_(self) -> str:
        what = "targets" if self.targets else "classes"
        rows = {
            "graphs": f"{len(self):,}",
            "features": f"{self.num_features:,}",
            what: f"{self.classes:,}",
            "splits": str(self.train_mask.shape[1]),
        }
        return table(self.name, rows)

    def __repr__(self) -> str:
        what = "targets" if self.targets else "classes"
        return (
            f"Graphs({self.name!r}: {len(self)} graphs, {self.num_features} features, "
            f"{self.classes} {what}, {self.train_mask.shape[1]} splits)"
        )
