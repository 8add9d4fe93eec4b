"""Community sets PATTERN and CLUSTER: graphs of stochastic block models with labels of nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from gnnlab.core.arguments import check_count, check_counts
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.values.cut_graphs import cut
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import from_indices

if TYPE_CHECKING:
    from torch_geometric.data import Data

SIZES = (5, 35)
"""A community has at least the first, and fewer than the second, of nodes."""
COLOURS, COMMUNITIES, CLUSTERS = 3, 5, 6


class Drawn(NamedTuple):
    """A graph as it is drawn: pairs of joined nodes, their codes in x, and their classes."""

    pairs: np.ndarray
    code: np.ndarray
    y: np.ndarray


@checked
def pattern(
    seed: int = 0, train: int = 10_000, valid: int = 2_000, test: int = 2_000, patterns: int = 100
) -> Graphs:
    r"""Nodes that belong to a pattern hidden among communities: PATTERN.

    .. math:: P(i \sim j) = 0.5 \text{ within a community}, 0.35 \text{ across}, \quad
        P(i \sim p) = 0.5 \text{ with the pattern's nodes}

    Five communities of 5 to 34 nodes each, and a pattern of as many, a random graph of density 0.5
    with random colours, which is one of ``patterns`` and the same in every graph of its own.
    Colours of all nodes are one of three; nodes come in a random order.

    Args:
        seed: of everything.
        train, valid, test: graphs of each part, spread over the patterns.
        patterns: how many different ones there are, in all three parts.

    Shapes: of each graph x (N, 3) one-hot colours, edge_index (2, E), y (N,), 1 in the pattern;
        masks (G, 1).

    Raises:
        ValueError: a part without a graph.

    Cost: O(G N^2), N about 120.

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023, section 4.4
        (https://arxiv.org/abs/2003.00982); numbers as in the release, which makes 100 + 20 + 20
        graphs of each of 100 patterns.
    """
    check_counts(patterns=patterns)
    require_made(f"{patterns} patterns", nodes=20, edges=100, graphs=patterns)

    def draw(rng: np.random.Generator, known: list[Drawn], number: int) -> Drawn:
        return _with_pattern(rng, known[number % patterns])

    def prepare(rng: np.random.Generator) -> list[Drawn]:
        return [_one_pattern(rng) for _ in range(patterns)]

    return _made("pattern", seed, (train, valid, test), prepare, draw, COLOURS, 2)


@checked
def cluster(seed: int = 0, train: int = 10_000, valid: int = 1_000, test: int = 1_000) -> Graphs:
    r"""Nodes whose community is asked for, of which one node each is labelled: CLUSTER.

    .. math:: P(i \sim j) = 0.55 \text{ within a community}, \; 0.25 \text{ across}

    Six communities of 5 to 34 nodes each, in a random order; x is 0, and c for one random node of
    community c = 1 … 6.

    Args:
        seed: of everything.
        train, valid, test: graphs of each part.

    Shapes: of each graph x (N, 7) one-hot, edge_index (2, E), y (N,); masks (G, 1).

    Raises:
        ValueError: a part without a graph.

    Cost: O(G N^2), N about 117.

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023, section 4.4
        (https://arxiv.org/abs/2003.00982); numbers as in the release.
    """

    def draw(rng: np.random.Generator, known: list[Drawn], number: int) -> Drawn:
        y = _communities(rng, CLUSTERS)
        pairs = _edges(rng, np.where(y[:, None] == y, 0.55, 0.25))
        code = np.zeros(len(y), dtype=np.int64)
        for c in range(CLUSTERS):
            code[rng.choice(np.flatnonzero(y == c))] = c + 1
        return Drawn(pairs, code, y)

    parts = (train, valid, test)
    return _made("cluster", seed, parts, lambda rng: [], draw, CLUSTERS + 1, CLUSTERS)


def _one_pattern(rng: np.random.Generator) -> Drawn:
    size = int(rng.integers(*SIZES))
    pairs = _edges(rng, np.full((size, size), 0.5))
    return Drawn(pairs, rng.integers(COLOURS, size=size), np.ones(size, dtype=np.int64))


def _with_pattern(rng: np.random.Generator, hidden: Drawn) -> Drawn:
    """Communities with the pattern among them."""
    own = _communities(rng, COMMUNITIES)
    count, size = len(own), len(hidden.y)
    chance = np.full((count + size, count + size), 0.5)
    chance[:count, :count] = np.where(own[:, None] == own, 0.5, 0.35)
    chance[count:, count:] = 0  # the pattern's own edges are given
    pairs = np.concatenate([_edges(rng, chance), hidden.pairs + count], axis=1)
    code = np.concatenate([rng.integers(COLOURS, size=count), hidden.code])
    place = rng.permutation(count + size)
    y = np.concatenate([np.zeros(count, dtype=np.int64), hidden.y])
    order = place.argsort()
    return Drawn(place[pairs], code[order], y[order])


def _communities(rng: np.random.Generator, count: int) -> np.ndarray:
    """The community of each node, in a random order."""
    return rng.permutation(np.repeat(np.arange(count), rng.integers(*SIZES, size=count)))


def _edges(rng: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """Pairs i < j, each with its chance, (2, M)."""
    low, high = np.triu_indices(len(chance), 1)
    there = rng.random(len(low)) < chance[low, high]
    return np.stack([low[there], high[there]])


def _made(
    name: str,
    seed: int,
    parts: tuple[int, int, int],
    prepare: Callable[[np.random.Generator], list[Drawn]],
    draw: Callable[[np.random.Generator, list[Drawn], int], Drawn],
    codes: int,
    classes: int,
) -> Graphs:
    """Draw the graphs of all parts and put them together."""
    check_count("seed", seed, 0)
    check_counts(train=parts[0], valid=parts[1], test=parts[2])
    require_made(f"{sum(parts)} graphs", nodes=120, features=codes, edges=3000, graphs=sum(parts))
    rng = np.random.default_rng(seed)
    known = prepare(rng)
    graphs: list[Data] = []
    for number in range(sum(parts)):
        pairs, code, y = draw(rng, known, number)
        both = np.concatenate([pairs, pairs[::-1]], axis=1)
        both = both[:, np.lexsort((both[1], both[0]))]
        x = torch.eye(codes)[torch.from_numpy(code)]
        sizes, ids = torch.tensor([len(y)]), torch.from_numpy(both)
        graphs += cut(sizes, x, ids, torch.from_numpy(y)[None])
    for data in graphs:
        data.y = data.y[0]
    ends = np.cumsum((0, *parts)).tolist()
    first, second, third = (torch.arange(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True))
    masks = from_indices(first, second, third, len(graphs))
    return Graphs(tuple(graphs), masks, classes, name, source="generated", features="one-hot")
