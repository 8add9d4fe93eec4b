"""Stress on a data set (corruption): wrong edges, wrong labels, few or uneven examples."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.edge_rows import edge_keys, kept_rows
from gnnlab.core.arguments import check_count, check_share
from gnnlab.core.settings import check_settings
from gnnlab.structure.graphs.absent_pairs import absent_pairs
from gnnlab.structure.graphs.reading import read_graph

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs


@dataclass(frozen=True)
class Stress:
    r"""What is done to a set of graphs before a model learns from it.

    Wrong edges are in every graph, those of validation and test as well. All else concerns the
    training graphs of one split: validation and test keep their labels and their graphs.

    Args:
        edges: share of each graph's edges that join other nodes instead, drawn uniformly from pairs
            that the graph lacked; an edge takes its attributes along.
        labels: share of the training graphs that get another class, drawn uniformly.
        imbalance: how many training graphs the first class has for each one of the last; those
            between lie on a geometric line, :math:`n_c \propto \rho^{-c / (C - 1)}`, as many as
            the classes allow. 1 keeps them all.
        shots: training graphs of every class that are kept, at most; None keeps them all.
        seed: of all draws; each graph draws its edges from the seed and its own content.

    Raises:
        ValueError: a share outside 0 to 1, an imbalance below 1, fewer than one shot.

    Source:
        the four settings that Li et al., "OpenGLT: A Comprehensive Benchmark of Graph Neural
        Networks for Graph-Level Tasks", 2025 (https://arxiv.org/abs/2501.00773) ask for; how the
        draws are made is defined here.
    """

    edges: float = 0.0
    labels: float = 0.0
    imbalance: float = 1.0
    shots: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)
        check_share("edges", self.edges)
        check_share("labels", self.labels)
        if self.imbalance < 1:
            raise ValueError(f"imbalance is {self.imbalance}, but the ratio is at least 1")
        if self.shots is not None:
            check_count("shots", self.shots)
        check_count("seed", self.seed, 0)

    def graphs(self, data: Graphs) -> Graphs:
        """Return the set with wrong edges in its graphs.

        Raises:
            ValueError: a directed graph.
        """
        if not self.edges:
            return data
        return data.map(lambda graph: with_wrong_edges(graph, self.edges, self.seed))

    def training(self, data: Graphs, split: int) -> Graphs:
        """Return the set with what is wrong or missing among one split's training graphs.

        Raises:
            ValueError: targets that are no classes, or a split that is not there, where any of
                this is asked for.
        """
        if not self.labels and self.imbalance == 1 and self.shots is None:
            return data
        if not 0 <= split < (splits := data.train_mask.shape[1]):
            raise ValueError(
                f"split is {split}, but {data.name} has {splits}, numbered from 0: choose another"
            )
        y = _classes(data)
        random = np.random.default_rng([self.seed, split])
        mask = data.train_mask[:, split].numpy()
        kept = thinned(np.where(mask, y, -1), data.classes, self.imbalance, self.shots, random)
        train = data.train_mask.clone()
        train[:, split] = torch.from_numpy(kept)
        found = replace(data, masks=replace(data.masks, train=train))
        wrong = mislabelled(y, kept, data.classes, self.labels, random)
        if not (wrong != y).any():
            return found
        return found.with_graphs(map(_with_class, found, torch.from_numpy(wrong).unsqueeze(1)))


def with_wrong_edges(data: Data, share: float, seed: int) -> Data:
    """Return a graph, so large a share of whose undirected edges joins other nodes.

    Self-loops stay. As many as there are pairs without an edge are moved at most.

    Shapes:
        edge_index (2, E) and what goes with it (E, ...) -> the same, sorted by source and target

    Raises:
        ValueError: an edge without its reverse.
    """
    graph = read_graph(data, undirected=True, told="Stress")
    random = graph.generator(seed)
    count = min(round(share * graph.num_pairs), graph.most_pairs - graph.num_pairs)
    gone = random.choice(graph.num_pairs, count, replace=False)
    new = random.permutation(absent_pairs(graph, count, random), axis=1)
    pairs = graph.pairs.copy()
    pairs[:, gone] = new
    source, target = data.edge_index.numpy()
    keys = np.minimum(source, target) * graph.num_nodes + np.maximum(source, target)
    place = np.searchsorted(graph.keys, keys).clip(max=max(graph.num_pairs - 1, 0))
    low, high = pairs[:, place] if graph.num_pairs else (source, target)
    loop, down = source == target, source > target
    moved = np.where(loop, source, np.where(down, high, low))
    other = np.where(loop, target, np.where(down, low, high))
    order = torch.from_numpy(np.lexsort((other, moved)))
    found = copy(data)
    stored = data.to_dict()
    for key in edge_keys(stored):
        found[key] = kept_rows(stored[key], order)
    found.edge_index = torch.from_numpy(np.stack([moved, other]))[:, order]
    return found


def thinned(
    y: np.ndarray, classes: int, imbalance: float, shots: int | None, random: np.random.Generator
) -> np.ndarray:
    """Choose which examples to keep, at least one of every class that is there.

    Shapes:
        y (G,) int64, negative where there is nothing to keep -> (G,) bool
    """
    sizes = np.bincount(y[y >= 0], minlength=classes)
    wanted = sizes.astype(float)
    if imbalance > 1 and sizes.any():
        line = imbalance ** (-np.arange(classes) / max(classes - 1, 1))
        present = sizes > 0
        wanted = line * (sizes[present] / line[present]).min()
    if shots is not None:
        wanted = wanted.clip(max=shots)
    kept = np.zeros(len(y), bool)
    for c in range(classes):
        order = random.permutation(np.flatnonzero(y == c))
        kept[order[: max(1, round(wanted[c]))]] = True
    return kept


def mislabelled(
    y: np.ndarray, where: np.ndarray, classes: int, share: float, random: np.random.Generator
) -> np.ndarray:
    """Give a share of some examples another class each.

    Shapes:
        y (G,) int64, where (G,) bool -> (G,) int64
    """
    rows = np.flatnonzero(where)
    chosen = random.choice(rows, round(share * len(rows)), replace=False)
    wrong = y.copy()
    wrong[chosen] = (y[chosen] + random.integers(1, classes, size=len(chosen))) % classes
    return wrong


def _classes(data: Graphs) -> np.ndarray:
    y = data.y
    if y.dim() != 1 or y.is_floating_point() or len(y) != len(data):
        raise ValueError(
            f"{data.name} has targets of shape {tuple(y.shape)}, {y.dtype}, but wrong labels, "
            "imbalance and shots are of one class a graph: leave them out"
        )
    if len(y) and int(y.max()) >= data.classes:
        raise ValueError(
            f"{data.name} has a label {int(y.max())}, but data.classes is {data.classes}: give as "
            "many classes as there are"
        )
    found: np.ndarray = y.numpy()
    return found


def _with_class(data: Data, y: Tensor) -> Data:
    found = copy(data)
    found.y = y
    return found
