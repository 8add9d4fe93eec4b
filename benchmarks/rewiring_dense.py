"""GTR, FoSR and LASER beside the dense formulas that their releases compute.

No package on the index has these methods, so the other side is the release's algorithm, written
down in a few lines of the same libraries: n x n tables, one edge (or one graph) after the other.
benchmarks/rewiring.py runs these cases.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from copy import copy
from typing import NamedTuple

import networkx as nx
import numpy as np
import torch
from torch_geometric.data import Data
from torch_geometric.utils import from_networkx, to_networkx

from gnnlab.rewiring import LASER, Graph, apply
from gnnlab.structure.graphs.reading import read_graph
from gnnlab.structure.spectra.first_order_gap import first_order
from gnnlab.structure.spectra.resistance_updates import Resistances

Array = np.ndarray


class Case(NamedTuple):
    """Two functions that return seconds for one unit; no peer for what nobody offers."""

    name: str
    peer: Callable[[], float] | None
    ours: Callable[[], float]


def timed(function: Callable[[], object], units: float = 1) -> float:
    """Seconds for one of the units that the function does."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) / units


def line(case: Case, rounds: int) -> str:
    """One row: medians, and the ratio with its range."""
    case.ours()  # compiles, or reads what was compiled
    if case.peer is None:
        ours = statistics.median(case.ours() for _ in range(rounds))
        return f"{case.name:44}{'-':>12}{1e3 * ours:12.3f}"
    pairs = [(case.peer(), case.ours()) for _ in range(rounds)]
    ratios = [peer / ours for peer, ours in pairs]
    peer, ours = (1e3 * statistics.median(side) for side in zip(*pairs, strict=True))
    return (
        f"{case.name:44}{peer:12.2f}{ours:12.3f}{statistics.median(ratios):9.1f}"
        f"   {min(ratios):.0f} - {max(ratios):.0f}"
    )


def tree_like(nodes: int, extra: int, seed: int) -> Data:
    """A random tree with a few more edges: the size of a molecule."""
    random, graph = np.random.default_rng(seed), nx.random_labeled_tree(nodes, seed=seed)
    graph.add_edges_from(
        pair for pair in random.integers(nodes, size=(extra, 2)) if len({*pair}) > 1
    )
    data = from_networkx(graph)
    data.x = torch.ones(nodes, 1)
    return data


class DenseGTR:
    """Pseudo-inverse and its square as full tables, both updated for each edge."""

    def __init__(self, graph: Graph) -> None:
        row, col = graph.arcs
        self.laplacian = torch.zeros(graph.num_nodes, graph.num_nodes, dtype=torch.float64)
        self.laplacian[row, col] = -1
        self.laplacian += torch.diag(-self.laplacian.sum(1))
        ones = torch.full_like(self.laplacian, 1 / graph.num_nodes)
        self.inverse = torch.linalg.inv(self.laplacian + ones) - ones
        self.square = self.inverse @ self.inverse
        self.absent = self.laplacian == 0

    def step(self) -> tuple[int, int]:
        p, q = self.inverse, self.square
        resistance = p.diagonal()[None] + p.diagonal()[:, None] - 2 * p
        biharmonic = q.diagonal()[None] + q.diagonal()[:, None] - 2 * q
        gain = biharmonic / (1 + resistance) * self.absent
        s, t = divmod(int(gain.argmax()), len(p))
        v, x = p[:, s] - p[:, t], torch.zeros(len(p), dtype=torch.float64)
        x[s], x[t] = 1, -1
        y = self.laplacian[:, s] - self.laplacian[:, t]
        self.inverse = p - torch.outer(v, v) / (1 + v[s] - v[t])
        u, w = torch.column_stack([x, y + x]), torch.stack([y + x, x])
        center = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + w @ q @ u)
        self.square = q - (q @ u) @ center @ (w @ q)
        self.laplacian += torch.outer(x, x)
        self.absent[s, t] = self.absent[t, s] = False
        return s, t


def gtr(nodes: int, edges: int) -> Case:
    data = from_networkx(nx.barabasi_albert_graph(nodes, 2, seed=0))
    graph = read_graph(data, True, "GTR")
    dense, state = DenseGTR(graph), Resistances(graph.rowptr, graph.arcs[1])
    best = [state.best()]

    def add() -> None:
        for _ in range(edges):
            best.append(state.add(best[-1].low, best[-1].high))

    def add_dense() -> None:
        for _ in range(edges):
            dense.step()

    return Case(
        f"GTR, {nodes} nodes, per edge", lambda: timed(add_dense, edges), lambda: timed(add, edges)
    )


def dense_fosr(graph: Graph, x: Array, count: int) -> list[tuple[int, int]]:
    """The n x n table of products for each edge; power steps over an edge list."""
    (source, target), degree, found = graph.arcs, np.diff(graph.rowptr).astype(float), []

    def step(x: Array) -> Array:
        root = np.sqrt(degree)
        x = x - (x @ root) * root / degree.sum()
        y = x + np.bincount(source, (x / root)[target], len(x)) / root
        return y / np.linalg.norm(y)

    for _ in range(5):
        x = step(x)
    for _ in range(count):
        y = x / np.sqrt(1 + degree)
        table = np.outer(y, y)
        table[source, target] = np.inf
        np.fill_diagonal(table, np.inf)
        u, v = divmod(int(table.argmin()), len(x))
        found.append((u, v))
        source, target = np.append(source, (u, v)), np.append(target, (v, u))
        degree[[u, v]] += 1
        x = step(x)
    return found


def fosr(nodes: int, edges: int) -> Case:
    data = from_networkx(nx.barabasi_albert_graph(nodes, 2, seed=0))
    graph = read_graph(data, True, "FoSR")
    x = np.random.default_rng(0).uniform(-1, 1, nodes)
    return Case(
        f"FoSR, {nodes} nodes, per edge",
        lambda: timed(lambda: dense_fosr(graph, x, edges), edges),
        lambda: timed(
            lambda: first_order(graph.rowptr, graph.arcs[1], x, 10 * edges, 5), 10 * edges
        ),
    )


def dense_laser(data: Data, snapshots: int, rho: float) -> Data:
    """Powers of the adjacency, then a loop over the nodes of each snapshot."""
    near = nx.to_numpy_array(to_networkx(data, to_undirected=True)) + np.eye(data.num_nodes)
    walks, ball, out = np.linalg.matrix_power(near, 8), near > 0, copy(data)
    added, kinds = [], [torch.zeros(data.num_edges, dtype=torch.int64)]
    for r in range(2, snapshots + 1):
        wider = (ball @ near) > 0
        for i, orbit in enumerate(wider & ~ball):
            (nodes,) = np.nonzero(orbit)
            count = min(max(1, round(rho * len(nodes))), len(nodes))
            noisy = walks[i, nodes] + np.random.normal(0, 1e-7, len(nodes))
            added += [[i, j] for j in nodes[np.argsort(noisy)[:count]]]
        kinds.append(torch.full((len(added) - sum(map(len, kinds[1:])),), r - 1))
        ball = wider
    ends = torch.tensor(added, dtype=torch.int64).reshape(-1, 2).T
    out.edge_index, out.edge_type = torch.cat([data.edge_index, ends], 1), torch.cat(kinds)
    return out


def laser(count: int, nodes: int, snapshots: int) -> Case:
    graphs = [tree_like(nodes, nodes // 8, seed) for seed in range(count)]
    few, method = graphs[: max(1, count // 10)], LASER(snapshots, rho=0.5)
    return Case(
        f"LASER({snapshots}), {nodes} nodes, per graph",
        lambda: timed(lambda: [dense_laser(g, snapshots, 0.5) for g in few], len(few)),
        lambda: timed(lambda: apply(method, graphs, cache=False, progress=False), count),
    )


DENSE: dict[str, Callable[[], Case]] = {
    "GTR 30 per edge": lambda: gtr(30, 10),
    "GTR 300 per edge": lambda: gtr(300, 5),
    "GTR 3000 per edge": lambda: gtr(3000, 2),
    "FoSR 3000 per edge": lambda: fosr(3000, 3),
    "LASER(3) 1000 x 25 per graph": lambda: laser(1000, 25, 3),
    "LASER(5) 1000 x 25 per graph": lambda: laser(1000, 25, 5),
    "LASER(5) 200 x 150 per graph": lambda: laser(200, 150, 5),
}
"""Cases by a name that says what is in them before they are built."""
