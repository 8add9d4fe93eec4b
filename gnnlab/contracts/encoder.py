"""Encoder: the base class of modules that read a graph, with a default for each declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self

from torch import Tensor, nn

from gnnlab.contracts.built import Remembering, arguments_of

if TYPE_CHECKING:
    from torch_geometric.data import Data


class DenseReader(nn.Module):
    """A module that takes features as they are: sparse ones would have to be made dense for it."""


class GraphReader(Remembering):
    """A module that reads a graph: an encoder, or a step before one.

    What is a string is None where it does not hold, and else says why, as the end of a sentence
    that begins with the class's name.
    """

    reads_features: bool = True
    """Whether ``data.x`` is read; if not, it may have no columns."""
    maskable: bool | None = None
    """Whether an edge can be left out of the graph after ``transform``; None where it can if
    ``transform`` adds nothing."""
    transductive: str | None = None
    """Why it belongs to the nodes of one graph."""
    stochastic_encoding: str | None = None
    """Why two passes in training differ beyond dropout."""

    def transform(self, data: Data) -> Data:
        """Return the graph with what ``forward`` looks up in it; the same graph by default."""
        return data

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return many graphs so; a subclass may be faster than one after the other."""
        return [self.transform(copy(data)) for data in graphs]

    def transforms(self) -> bool:
        """Whether ``transform`` does anything."""
        return type(self).transform is not GraphReader.transform


class Encoder(GraphReader):
    """An encoder: a graph in, one row a node or a graph out.

    A class of our own derives from it and overrides what differs. A module of another library is
    read by :func:`gnnlab.contracts.foreign.declared`, which gives it the same names.

    Shapes:
        data of N nodes (and B graphs) -> (N, H) or (N, C), or (B, H) or (B, C) where ``level`` is
        ``"graph"``
    """

    level: str = "node"
    """Of what there is a row: ``node`` or ``graph``."""
    in_channels: int = -1
    """F, the width of ``data.x``; -1 where it does not say."""
    hidden_channels: int | None = None
    """H, the width of the states; None where it does not say."""
    out_channels: int | None = None
    """C, if it predicts by itself; None where it returns states, for a head on top."""
    predicts: str | None = None
    """Why it should predict by itself, so that a head on top would make another model."""
    reads_codes: str | None = None
    """Why codes of edges' categories reach it as they are, and are not embedded before it."""
    order_dependent: str | None = None
    """Why the states depend on the order of the nodes."""
    completes_frames: str | None = None
    """Why a node's state depends on nodes that no path joins to it."""
    from_graph: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    """Arguments of the constructor that the graph decides, and what reads each from the data."""
    later: ClassVar[Mapping[str, Any]] = {}
    """Settings that came later, at the values that earlier runs had: left out of a run's name."""
    settings_choose_edges: ClassVar[bool] = False
    """Whether ``reads_edges`` depends on more than ``edge_dim``."""

    @classmethod
    def reads_edges(cls, **settings: Any) -> bool:
        """Whether one of these settings looks at ``data.edge_attr``, given ``edge_dim``."""
        return "edge_dim" in cls.from_graph

    @classmethod
    def from_data(cls, data: Any, **settings: Any) -> dict[str, Any]:
        """Return the arguments that the graph decides, of a graph or a sequence of graphs.

        Args:
            settings: the other arguments.
        """
        unread = set() if cls.reads_edges(**settings) else {"edge_dim"}
        return {name: of(data) for name, of in cls.from_graph.items() if name not in unread}

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """Return what ``forward`` does, and what a step of training adds to its loss, if any."""
        return self(data), None

    def with_outputs(self, out_channels: int) -> Self | None:
        """Return an encoder of the same settings that predicts so many numbers a row.

        None where it cannot be built anew.
        """
        return None


class Predicting(Encoder):
    """An encoder that a task can build anew to predict by itself, with the same settings.

    ``predicts`` says why it does. One that was built without ``out_channels`` returns hidden
    states; :meth:`with_outputs` gives the same encoder, with new weights, that predicts.
    """

    def with_outputs(self, out_channels: int) -> Self | None:
        """Return an encoder of the same settings that predicts so many numbers a row."""
        given = arguments_of(self)
        if given is None:
            return None
        return type(self)(*given.values, **{**given.settings, "out_channels": out_channels})
