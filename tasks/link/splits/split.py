"""Link split: the edges that a model may read, and the pairs to train on and to test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.nodes import count_nodes
from gnnlab.structure.graphs.pair_keys import among, arc_keys, pair_keys
from gnnlab.tasks.link.splits.checks import check_split, keys_of
from gnnlab.tasks.link.splits.drawn import ncn_links, random_links, temporal_links
from gnnlab.tasks.link.splits.edges import kept_edges
from gnnlab.tasks.link.splits.hard_negatives import with_hard_negatives
from gnnlab.tasks.link.splits.official import official_links
from gnnlab.tasks.link.splits.parts import KINDS, PARTS, LinkParts
from gnnlab.tasks.link.splits.pyg import pyg_links

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.structure.graphs.node_kinds import Kinds


@dataclass(frozen=True, eq=False)
class LinkSplit(LinkParts):
    """The edges a model may read, and the pairs of each part, checked once against leaks.

    No positive of validation or test is among the message edges, in either direction; no negative
    is a positive of any part or a message edge; no pair is in two parts. A value that breaks this
    is refused when it is made, so that none exists. In a directed graph a pair is an arc, source
    first; arcs between the same two nodes are in the same part, and negatives are joined in
    neither direction.

    The tensors are copies on the CPU: treat them as constants.

    Args:
        num_nodes: N.
        message_edge_index: what encoders and heads read; both directions of an undirected graph.
        train_positive, valid_positive, test_positive: the links of each part, once each.
        train_negative: may be empty: training draws new ones every epoch unless told otherwise.
        valid_negative, test_negative: pairs for all positives together, or K of its own for each.
        undirected: whether (u, v) and (v, u) are one link.
        valid_as_input: whether validation links are read when test is predicted, as ogbl-collab's
            rules allow; training never reads them.
        as_published: keep what a published split has of repeated pairs, positives that are joined
            among the message edges (an earlier year's, say) and negatives that are links; see
            :meth:`overlaps`, which counts them.
        kinds: of nodes, where negatives join the kinds that links join: those of the split do, and
            those that training and :meth:`hard` draw will. None where all are of one.

    Shapes:
        message_edge_index (2, M), positives (2, P), negatives (2, Q) or (2, P, K), kinds (N,), all
        int64

    Raises:
        ValueError: a leak; an empty part, a pair of a node with itself, a repeated pair, a node
            that is not there, another shape or type.

    Cost:
        O((M + P + Q) log(M + P + Q)), once.

    Example:
        >>> ring = torch.arange(7)
        >>> edges = torch.stack([ring, ring.roll(-1)])
        >>> from torch_geometric.data import Data
        >>> data = Data(x=torch.ones(7, 1), edge_index=torch.cat([edges, edges.flip(0)], 1))
        >>> split = LinkSplit.random(data, valid=0.2, test=0.2, seed=0)
        >>> split
        LinkSplit(7 nodes, 10 message edges, train 5, valid 1 + 1, test 1 + 1)
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                own = value.detach().cpu().clone(memory_format=torch.contiguous_format)
                object.__setattr__(self, field.name, own)
        check_split(self)

    @classmethod
    def of(cls, parts: LinkParts) -> LinkSplit:
        """Check parts that were drawn or read, and make a split of them."""
        return cls(**{field.name: getattr(parts, field.name) for field in fields(parts)})

    @classmethod
    def random(
        cls,
        data: Data,
        valid: float = 0.1,
        test: float = 0.2,
        seed: int = 0,
        kinds: Kinds = "auto",
    ) -> LinkSplit:
        """Draw shares of the links for validation and test, and as many negatives as positives.

        See :func:`gnnlab.tasks.link.splits.drawn.random_links`.
        """
        return cls.of(random_links(data, valid, test, seed, kinds))

    @classmethod
    def ncn(cls, data: Data, seed: int = 0, kinds: Kinds = "auto") -> LinkSplit:
        """Draw the 70/10/20 split of Neural Common Neighbor, validation negatives staying at 20 %.

        See :func:`gnnlab.tasks.link.splits.drawn.ncn_links`.
        """
        return cls.of(ncn_links(data, seed, kinds))

    @classmethod
    def temporal(
        cls,
        data: Data,
        time: Tensor,
        valid_from: float,
        test_from: float,
        *,
        repeats: Literal["drop", "keep"] = "drop",
        seed: int = 0,
        kinds: Kinds = "auto",
    ) -> LinkSplit:
        """Learn from links before one moment and judge by those after it.

        See :func:`gnnlab.tasks.link.splits.drawn.temporal_links`.
        """
        moments = (time, valid_from, test_from)
        return cls.of(temporal_links(data, *moments, repeats=repeats, seed=seed, kinds=kinds))

    @classmethod
    def hard(
        cls,
        data: Data,
        valid: float = 0.05,
        test: float = 0.1,
        seed: int = 0,
        kinds: Kinds = "auto",
        **settings: Any,
    ) -> LinkSplit:
        """Draw a split whose every held-out positive has hard negatives of its own.

        Settings are those of
        :func:`gnnlab.tasks.link.splits.hard_negatives.with_hard_negatives`.
        """
        return with_hard_negatives(cls.random(data, valid, test, seed, kinds), data.x, **settings)

    @classmethod
    def official(
        cls,
        data: Data,
        parts: Mapping[str, Mapping[str, Any]],
        *,
        valid_as_input: bool = False,
        kinds: Kinds = "auto",
    ) -> LinkSplit:
        """Take the split that a dataset comes with, in the layout of the Open Graph Benchmark.

        See :func:`gnnlab.tasks.link.splits.official.official_links`.
        """
        return cls.of(official_links(data, parts, valid_as_input=valid_as_input, kinds=kinds))

    @classmethod
    def from_pyg(
        cls, train: Data, valid: Data, test: Data, as_published: bool = False
    ) -> LinkSplit:
        """Take what ``torch_geometric.transforms.RandomLinkSplit`` returned.

        Its training graph lacks the held-out edges, so ``split.graph(data)`` takes the graph that
        was split, or its test graph.

        See :func:`gnnlab.tasks.link.splits.pyg.pyg_links`.
        """
        return cls.of(pyg_links(train, valid, test, as_published))

    def with_valid_as_input(self) -> LinkSplit:
        """Return the same split, validation links being read when test is predicted."""
        return replace(self, valid_as_input=True)

    def graph(self, data: Data) -> Data:
        """Return the message graph: the data with its message edges alone, this split beside them.

        Rewirings and structures come after it, so that they see no held-out link.

        Args:
            data: what the split was drawn from; it stays as it is. Attributes with a row for every
                edge, see :func:`gnnlab.contracts.edge_rows.edge_keys`, keep the rows of the
                edges that stay.

        Raises:
            ValueError: data of another graph.
        """
        nodes, edge_index = count_nodes(data), data.edge_index
        own = arc_keys(self.message_edge_index.numpy(), self.num_nodes)
        if nodes == self.num_nodes:
            given = arc_keys(edge_index.cpu().numpy(), nodes)
            keep = among(given, np.sort(own))
            if nodes and np.array_equal(np.unique(given[keep]), np.unique(own)):
                found = kept_edges(data, torch.from_numpy(keep).to(edge_index.device))
                found.link_split = self
                return found
        raise ValueError(
            f"the split is of a graph of {self.num_nodes} nodes whose {len(own)} message edges the "
            f"data of {nodes} nodes and {edge_index.shape[1]} edges lacks: give the data that it "
            "was drawn from"
        )

    @property
    def held_out(self) -> np.ndarray[Any, Any]:
        """The keys of the positives of validation and test, ascending."""
        keys: np.ndarray[Any, Any] = keys_of(self, ("valid_positive", "test_positive"))
        return keys

    def added_positives(self, data: Data) -> dict[str, int]:
        """Count held-out positives among the edges of a graph, such as those a rewiring has added.

        They are no leak where the rewiring saw message edges alone, but what a study reports.

        Example:
            >>> split.added_positives(rewired)  # doctest: +SKIP
            {'valid': 3, 'test': 5}
        """
        given = np.unique(pair_keys(data.edge_index.cpu().numpy(), self.num_nodes))
        counts = {}
        for part in PARTS[1:]:
            keys = keys_of(self, (f"{part}_positive",))
            counts[part] = int(among(keys, given).sum())
        return counts

    def overlaps(self) -> dict[str, int]:
        """Count what ``as_published`` lets through; all 0 for every other split.

        Returns:
            ``seen``: held-out positives that message edges join; ``shared``: held-out positives
            that are in another part too; ``true``: held-out negatives that are positives or
            message edges.
        """
        message = np.unique(pair_keys(self.message_edge_index.numpy(), self.num_nodes))
        train, valid, test = (keys_of(self, (f"{part}_positive",)) for part in PARTS)
        known = np.unique(np.concatenate([message, train, valid, test]))
        shared = [among(valid, train), among(test, train), among(test, valid)]
        negatives = [
            pair_keys(getattr(self, f"{part}_negative").numpy(), self.num_nodes).reshape(-1)
            for part in PARTS[1:]
        ]
        return {
            "seen": int(sum(among(part, message).sum() for part in (valid, test))),
            "shared": int(sum(both.sum() for both in shared)),
            "true": int(sum(among(part, known).sum() for part in negatives)),
        }

    def __repr__(self) -> str:
        parts = [f"{self.num_nodes} nodes", f"{self.message_edge_index.shape[1]} message edges"]
        for name in PARTS:
            positive, negative = (getattr(self, f"{name}_{kind}") for kind in KINDS)
            other = "" if name == "train" else f" + {'x'.join(map(str, negative.shape[1:]))}"
            parts.append(f"{name} {positive.shape[1]}{other}")
        if self.kinds is not None:
            parts.append(f"kinds of {' + '.join(map(str, self.kinds.bincount().tolist()))}")
        return f"LinkSplit({', '.join(parts)})"
