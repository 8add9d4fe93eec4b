"""The 2-hop subgraphs of single roots on a graph of 100,000 nodes, beside PyG's function.

Seconds are of the processor, for one root. Roots differ from call to call, so that their rows are
rarely in the cache.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import networkx as nx
import numpy as np
import torch
from rewiring_dense import Case
from torch import Tensor
from torch_geometric.utils import k_hop_subgraph as of_pyg

from gnnlab.ops import Adjacency
from gnnlab.structure import k_hop_subgraph, k_hop_subgraphs

NODES, HOPS, EACH = 100_000, 2, 5
"""A node is joined to ten others in the mean."""
PER_GRAPH = 25
"""Roots that ours does for each of --sample; PyG does an eighth of --sample."""


def uniform() -> Tensor:
    ends = np.random.default_rng(0).integers(0, NODES, (2, EACH * NODES))
    return both_ways(ends)


def power_law() -> Tensor:
    return both_ways(np.array(nx.barabasi_albert_graph(NODES, EACH, seed=0).edges).T)


def both_ways(ends: np.ndarray) -> Tensor:
    return torch.from_numpy(np.unique(np.concatenate([ends, ends[::-1]], axis=1), axis=1))


GRAPHS = {"uniform": uniform, "power law": power_law}


def check(edges: Tensor, adj: Adjacency, roots: Sequence[int]) -> None:
    """Refuse to time what differs."""
    many = k_hop_subgraphs(torch.tensor(roots), HOPS, adj, True)
    for number, root in enumerate(roots):
        subset, edge_index, mapping, mask = of_pyg(root, HOPS, edges, True, NODES)
        theirs = (subset, edge_index, mapping, mask.nonzero().flatten())
        for ours in (many.one(number), k_hop_subgraph(root, HOPS, adj, True)):
            if not all(map(torch.equal, ours, theirs)):
                raise RuntimeError(f"root {root}: the two sides found different subgraphs")


def processor(call: Callable[[int], object], roots: Sequence[int]) -> float:
    """Seconds of the processor for one of the roots, whose subgraphs are not kept."""
    start = time.process_time()
    for root in roots:
        call(root)
    return (time.process_time() - start) / len(roots)


def cases(options: Namespace) -> Iterator[Case]:
    """Roots one after the other, and in one call."""
    few, lot = max(1, options.sample // 8), PER_GRAPH * options.sample
    for name, make in GRAPHS.items():
        edges, random = make(), np.random.default_rng(1)
        adj, roots = Adjacency.of(edges, NODES), partial(random.integers, 0, NODES)
        check(edges, adj, roots(few).tolist())
        found = k_hop_subgraphs(torch.from_numpy(roots(lot)), HOPS, adj)
        nodes, kept = len(found.subset) / lot, len(found.edge_id) / lot
        print(f"{name}: {nodes:,.0f} nodes and {kept:,.0f} edges in the mean around a root")
        yield from beside_pyg(name, edges, adj, roots, few, lot)


def beside_pyg(
    name: str, edges: Tensor, adj: Adjacency, roots: Callable[[int], np.ndarray], few: int, lot: int
) -> Iterator[Case]:
    def theirs() -> float:
        return processor(lambda r: of_pyg(r, HOPS, edges, True, NODES), roots(few).tolist())

    def single() -> float:
        return processor(lambda r: k_hop_subgraph(r, HOPS, adj, True), roots(lot).tolist())

    def together() -> float:
        chosen = torch.from_numpy(roots(lot))
        return processor(lambda _: k_hop_subgraphs(chosen, HOPS, adj, True), [0]) / lot

    yield Case(f"2 hops of a root, {name}", theirs, single)
    yield Case(f"2 hops of a root, {name}, in one call", theirs, together)
