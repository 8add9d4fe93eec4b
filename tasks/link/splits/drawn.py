"""Drawn link splits: at random with a seed, or by the time of each link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.data import check_edges
from gnnlab.contracts.described import refuse_other_graphs
from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.arguments import check_choice, check_count, check_number, shown
from gnnlab.structure.graphs.free_pairs import FreePairs
from gnnlab.structure.graphs.node_kinds import Kinds, kinds_of
from gnnlab.structure.graphs.pair_keys import Array, arc_keys, pair_keys
from gnnlab.tasks.link.splits.parts import PARTS, LinkParts

if TYPE_CHECKING:
    from torch_geometric.data import Data


def random_links(
    data: Data, valid: float, test: float, seed: int, kinds: Kinds = "auto"
) -> LinkParts:
    r"""Draw :math:`\lfloor v P \rfloor` and :math:`\lfloor t P \rfloor` of P joined pairs of nodes.

    They are drawn uniformly, and the rest is learnt from and read. Every part has as many negatives
    as positives, uniform among the pairs that no edge joins, no pair in two parts. A graph whose
    every edge has its reverse is undirected, and a pair is a link. In any other one links are arcs,
    and the arcs between two nodes stay together: shares are of pairs, so that a part has at least
    as many links as pairs and at most twice as many. Self-loops are no links and are left out, and
    repeated edges count once.

    Where nodes are of several kinds, each negative joins the same kinds as a positive of its part:
    links between users and items are told from pairs of a user and an item. In a dense graph that
    has too few free pairs, validation and test take theirs first, and what is left is for training,
    which needs none unless told so.

    Args:
        data: read, never changed.
        valid: share of the joined pairs for validation.
        test: share for test.
        seed: decides the draw.
        kinds: of nodes: ``auto``, ``one`` or (N,) int64, see
            :func:`gnnlab.structure.graphs.node_kinds.kinds_of`.

    Raises:
        ValueError: bad edges or kinds; a share that leaves a part without a link; a graph with
            fewer than two pairs that are not joined.
    """
    links = read_links(data)
    shares = {"valid": valid, "test": test}
    for name, share in shares.items():
        check_number(name, share)
        if not 0 < share < 1:
            raise ValueError(
                f"{name} is {shown(share)}, but a share of the links lies between 0 and 1"
            )
    counts = [int(links.count * share) for share in shares.values()]
    for (name, share), count in zip(shares.items(), counts, strict=True):
        if not count:
            raise ValueError(
                f"{name} is {shown(share)}, of {links.count} links none: take a larger share or a "
                "larger graph"
            )
    if sum(counts) >= links.count:
        raise ValueError(
            f"valid is {shown(valid)} and test {shown(test)}, which leaves none of {links.count} "
            "links to train on: take smaller shares"
        )
    rng = _generator(seed)
    order = rng.permutation(links.count)
    held = order[: sum(counts)]
    parts = [order[sum(counts) :], held[: counts[0]], held[counts[0] :]]
    return _split(links, parts, None, rng, kinds_of(data, links.arcs, kinds))


def ncn_links(data: Data, seed: int, kinds: Kinds = "auto") -> LinkParts:
    """Draw 70/10/20 percent of the links as Neural Common Neighbor does.

    Twenty percent are drawn for validation and as many for test, both with as many negatives; then
    half of the validation links go back to training. Their negatives stay: *validation has twice as
    many negatives as positives*, so that its Hits@K is harder than test's of the same number of
    positives would be. Test has as many negatives as positives. Numbers of this protocol
    compare with no other split's. Kinds of nodes and dense graphs are as in :func:`random_links`.

    Raises:
        ValueError: bad edges or kinds, fewer than 10 links, a graph with fewer than two pairs that
            are not joined.

    Source:
        Wang, Yang and Zhang, "Neural Common Neighbor with Completion for Link Prediction", ICLR
        2024 (https://arxiv.org/abs/2302.00890), and its release; the draw is ours.
    """
    links = read_links(data)
    fifth = links.count // 5
    if fifth < 2:
        raise ValueError(
            f"the graph has {links.count} links, of which a tenth is to validate: take a graph of "
            "10 links or more"
        )
    rng = _generator(seed)
    order = rng.permutation(links.count)
    kept = fifth // 2
    train = np.concatenate([order[2 * fifth :], order[kept:fifth]])
    parts = [train, order[:kept], order[fifth : 2 * fifth]]
    sizes = [len(train), fifth, fifth]
    return _split(links, parts, sizes, rng, kinds_of(data, links.arcs, kinds))


def temporal_links(
    data: Data,
    time: Tensor,
    valid_from: float,
    test_from: float,
    *,
    repeats: Literal["drop", "keep"] = "drop",
    seed: int = 0,
    kinds: Kinds = "auto",
) -> LinkParts:
    """Learn from the links before one moment, validate until the next, test after it.

    A pair that meets again belongs to its first part (``repeats="drop"``): what is judged are new
    links. ``"keep"`` judges every meeting, also of pairs that the message edges join: known history
    that a head may read off, which ``split.overlaps()`` counts.

    Args:
        data: read, never changed.
        time: of every edge of ``data.edge_index``, in any unit.
        valid_from: validation begins here.
        test_from: test begins here.
        repeats: see above.
        seed: of the negatives.
        kinds: of nodes, as in :func:`random_links`.

    Shapes:
        time (E,)

    Raises:
        ValueError: times that do not fit the edges, moments out of order, an empty part.
    """
    check_choice("repeats", repeats, ("drop", "keep"))
    links = read_links(data)
    if not isinstance(time, Tensor) or time.shape != (data.edge_index.shape[1],):
        told = tuple(time.shape) if isinstance(time, Tensor) else type(time).__name__
        raise ValueError(
            f"time is {told}, but every one of the {data.edge_index.shape[1]} edges has one: give "
            "(E,)"
        )
    if not valid_from < test_from:
        raise ValueError(
            f"valid_from is {valid_from} and test_from {test_from}, but validation comes first"
        )
    part = np.digitize(time.cpu().numpy(), [valid_from, test_from])[links.column]
    own = kinds_of(data, links.arcs, kinds)
    return _by_part(links, part, repeats == "keep", _generator(seed), own)


def _by_part(
    links: Links, part: Array, keep: bool, rng: np.random.Generator, kinds: Tensor | None
) -> LinkParts:
    """From the part of every edge (loops left out); a link's first part is its own."""
    first = np.full(links.count, 3)
    np.minimum.at(first, links.number, part)
    if not keep:
        return _split(links, [np.flatnonzero(first == p) for p in range(3)], None, rng, kinds)
    parts = [np.unique(links.number[part == p]) for p in range(3)]
    return _split(links, parts, None, rng, kinds, as_published=True)


@dataclass(frozen=True)
class Links:
    """The links of a graph: what is drawn from.

    Args:
        keys: (L,) of the pairs that are joined, ascending; a link is a number into it.
        arcs: (2, A) int64, the simple graph's arcs; of an undirected graph, the lower node first
            and each once.
        number: (E',) the link of every edge that is no loop.
        column: (E',) which column of ``edge_index`` it is.
    """

    num_nodes: int
    keys: Array
    arcs: Array
    number: Array
    column: Array
    undirected: bool

    @property
    def count(self) -> int:
        return len(self.keys)

    def of(self, chosen: Array) -> Array:
        """The arcs of some links, in order: (2, P)."""
        inside = np.zeros(self.count, bool)
        inside[chosen] = True
        place = np.searchsorted(self.keys, pair_keys(self.arcs, self.num_nodes))
        kept: Array = self.arcs[:, inside[place]]
        return kept


def read_links(data: Data) -> Links:
    """Check the edges of a graph and return its links.

    Raises:
        ValueError: bad edges, or none at all.
    """
    refuse_other_graphs(data)
    nodes = count_nodes(data)
    check_edges(data, nodes)
    edges = data.edge_index.detach().cpu().numpy()
    column = np.flatnonzero(edges[0] != edges[1])
    edges = edges[:, column]
    if not edges.size:
        raise ValueError("data.edge_index joins no two nodes, so there is no link to predict")
    arcs = np.unique(arc_keys(edges, nodes))
    undirected = np.array_equal(arcs, np.unique(arc_keys(edges[::-1], nodes)))
    ends = np.stack([arcs // nodes, arcs % nodes])
    if undirected:
        ends = ends[:, ends[0] < ends[1]]
    keys, number = np.unique(pair_keys(edges, nodes), return_inverse=True)
    return Links(nodes, keys, ends, number.reshape(-1), column, undirected)


def _split(
    links: Links,
    parts: Sequence[Array],
    sizes: Sequence[int] | None,
    rng: np.random.Generator,
    kinds: Tensor | None,
    as_published: bool = False,
) -> LinkParts:
    """Draw the negatives of three parts, of given sizes or one a positive; put it together."""
    positives = [links.of(part) for part in parts]
    free = FreePairs(links.num_nodes, links.keys, None if kinds is None else kinds.numpy())
    wanted = [
        pairs[:, np.arange(size) % pairs.shape[1]] if pairs.size else pairs
        for pairs, size in zip(positives, sizes or [p.shape[1] for p in positives], strict=True)
    ]
    negatives = _negatives(free, wanted, rng, not links.undirected)
    for name, given, found in zip(PARTS, positives, negatives, strict=True):
        if name != "train" and given.size and not found.numel():
            raise ValueError(_told(links, free, np.concatenate(wanted[1:], axis=1)))
    train, valid, test = map(torch.from_numpy, positives)
    return LinkParts(
        links.num_nodes,
        torch.cat([train, train.flip(0)], dim=1) if links.undirected else train,
        train, negatives[0], valid, negatives[1], test, negatives[2],
        undirected=links.undirected,
        as_published=as_published,
        kinds=kinds,
    )  # fmt: skip


def _negatives(
    free: FreePairs, wanted: Sequence[Array], rng: np.random.Generator, directed: bool
) -> list[Tensor]:
    """A pair like each that is wanted; where too few are free, held-out parts take theirs first."""
    sizes = [pairs.shape[1] for pairs in wanted]
    # Validation and test in turn, by their sizes; then training.
    turn = np.concatenate(
        [(np.arange(size) + 0.5) / max(1, size) + (part == 0) for part, size in enumerate(sizes)]
    )
    together = np.concatenate(wanted, axis=1)
    chosen = free.served(together, turn)
    found, drawn = np.full(together.shape, -1), free.like(together[:, chosen], rng)
    if directed:
        coin = np.less(rng.random(drawn.shape[1]), 0.5)
        drawn = free.turned(drawn, together[:, chosen], coin)
    found[:, chosen] = drawn
    parts = np.split(found, np.cumsum(sizes)[:-1], axis=1)
    return [torch.from_numpy(part[:, part[0] >= 0].copy()) for part in parts]


def _told(links: Links, free: FreePairs, held: Array) -> str:
    """Why there is nothing to tell links from."""
    left, pairs = free.count(held), links.num_nodes * (links.num_nodes - 1) // 2
    told = f"the graph joins {links.count} of its {pairs} pairs of nodes"
    if free.kinds is not None:
        told += " and its links join some kinds of nodes alone"
    way = "take a sparser graph" + (", or kinds='one'" if free.kinds is not None else "")
    return (
        f"{told}, which leaves {left} to be a negative, but validation and test need one each to "
        f"tell links from: {way}"
    )


def _generator(seed: int) -> np.random.Generator:
    check_count("seed", seed, 0)
    return np.random.default_rng(seed)
