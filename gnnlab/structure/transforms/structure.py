"""Structures: transforms that store tensors next to the edges, stamped with the graph they fit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from gnnlab.contracts.nodes import count_nodes
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array
from gnnlab.structure.stored.fingerprint import graph_digest
from gnnlab.structure.stored.structures import Stored
from gnnlab.structure.transforms.base import Found, GraphTransform, beside
from gnnlab.structure.transforms.data_stores import put

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Structure(GraphTransform[Found]):
    """What is found in a graph's edges and stored under keys of its own, with a stamp beside them.

    The stamp (:class:`gnnlab.structure.stored.structures.Stored`) says of which graph and settings
    the keys are. Where that is the graph at hand, nothing is computed; an encoder that reads them
    refuses any other (:meth:`read_from`), in a batch too. Self-loops, repeats and the order of
    edges make no other graph.
    """

    stamp: ClassVar[str]
    """The key of the stamp."""

    @property
    @abstractmethod
    def keys(self) -> tuple[str, ...]:
        """The keys of the tensors."""

    @property
    @abstractmethod
    def settings(self) -> str:
        """What the stamp says of the settings."""

    @abstractmethod
    def arrays(self, found: Found) -> Sequence[Array]:
        """What is stored under each key."""

    @abstractmethod
    def check(self, values: Sequence[Tensor], num_nodes: int) -> None:
        """Refuse tensors of another form than those stored, and numbers out of range.

        Args:
            values: a tensor for each key.
            num_nodes: N.

        Raises:
            ValueError: which key, and what is wrong with it.
        """

    def fits(self, settings: str) -> bool:
        """Whether keys that were found with other settings can be read in place of these."""
        return settings == self.settings

    @property
    def stored(self) -> Stored:
        """The keys and their stamp."""
        return Stored(self.keys, self.stamp, self.settings, self)

    def forward(self, data: Data) -> Data:
        """Add the keys to ``data``, a shallow copy; those that hold already stay."""
        found: Data = data if self.holds(data) else super().forward(data)
        return found

    def holds(self, data: Data) -> bool:
        """Whether ``data`` has what would be written, as it was found in this graph."""
        return self.stored.holds(data)

    def write(self, data: Data, graph: Graph, found: Found, shared: Any) -> Data:
        edges, stored = data.edge_index, self.stored
        values = [beside(part, edges) for part in self.arrays(found)]
        told = stored.written(graph_digest(graph), values)
        put(data, {**dict(zip(stored.keys, values, strict=True)), stored.stamp: told})
        return data

    def read_from(self, data: Data) -> list[Tensor]:
        """The tensors of a graph or a batch, checked once for as long as they live unchanged.

        While ``torch.compile`` traces, which sees no value, nothing is checked but that they are
        there; what indexes by them checks their range when it runs.

        Args:
            data: a graph or a batch.

        Raises:
            ValueError: keys that are missing, of other settings, of another graph, or edited.
        """
        stored = self.stored
        values = stored.values(data)
        if torch.compiler.is_compiling():
            return values
        x = getattr(data, "x", None)
        nodes = count_nodes(data) if x is None else x.shape[0]
        self.check(values, nodes)
        stored.require(data, values, nodes, self.fits)
        return values
