"""Exact k-hop pairs of peptide-like graphs, beside the dense products of DRew's release.

The release cannot be installed, so the other side is its algorithm, written down in the same
library: a dense product for each hop, a loop over the diagonal, and the subtractions that leave
what is exactly k hops apart. It does a sample of the graphs, and all times are for one graph. Both
sides take turns; the ratio is the median over rounds with its range.
Run: python benchmarks/hops.py [--graphs 1000] [--max-hop 15] [--rounds 5] [--large 10000]
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rewiring_dense import Case, line, timed
from torch import Tensor
from torch_geometric.data import Data

from gnnlab.rewiring import AddHops, apply
from gnnlab.structure.graphs.reading import read_graphs

SAMPLE = 50
"""Graphs that the dense products are asked for in a round."""
NODES, RINGS, NEAR = (100, 200), 4, 0.35
"""Smallest and largest graph, rings a graph, and how near a node is to the one it hangs on."""


def peptide_like(seed: int) -> Data:
    """A chain with side chains and a few rings.

    With these constants a graph has 150 nodes, mean degree 2.04, diameter 55 and nodes that are 20
    apart in the mean, which for Peptides (Dwivedi et al., "Long range graph benchmark", NeurIPS
    2022) are 151, 2.04, 57 and 21.
    """
    random = np.random.default_rng(seed)
    nodes = int(random.integers(NODES[0], NODES[1] + 1))
    node = np.arange(1, nodes)
    back = np.minimum(random.geometric(NEAR, nodes - 1), node)
    ring = random.integers(0, nodes - 5, RINGS)
    ends = np.concatenate([np.stack([node, node - back]), np.stack([ring, ring + 5])], axis=1)
    edges = torch.from_numpy(np.unique(np.concatenate([ends, ends[::-1]], axis=1), axis=1))
    return Data(x=torch.ones(nodes, 9), edge_index=edges, y=torch.zeros(1, 10))


def dense(edge_index: Tensor, nodes: int, max_hop: int) -> list[Tensor]:
    """The pairs (2, M) of each hop, by products of dense matrices."""
    adj = torch.zeros(1, nodes, nodes)
    adj[0, edge_index[0], edge_index[1]] = 1
    near = adj + torch.eye(nodes)
    within = [adj]
    for _ in range(1, max_hop):
        reached = (torch.bmm(within[-1], near) > 0).float()
        for j in range(nodes):
            reached[0, j, j] = 0
        within.append(reached)
    exact = [within[0], *(far - less for far, less in zip(within[1:], within, strict=False))]
    return [hop[0].nonzero().T for hop in exact]


def check(data: list[Data], max_hop: int) -> None:
    """Both sides find the same pairs."""
    for graph in data:
        found = AddHops(max_hop)(graph)
        sets = dense(graph.edge_index, graph.num_nodes, max_hop)
        for hop, pairs in enumerate(sets, start=1):
            own = found.hop_index[:, found.hop == hop].flip(0)  # by source, as nonzero has them
            own = own[:, (own[1] * graph.num_nodes + own[0]).argsort()].flip(0)
            if not torch.equal(pairs, own):
                raise RuntimeError(f"hop {hop}: the two sides found different pairs")


def many(data: list[Data], max_hop: int) -> None:
    """Seconds of whole calls on many graphs: nothing kept, kept, and read again."""
    method = AddHops(max_hop)
    pairs = sum(graph.hop.numel() for graph in apply(method, data, cache=False)) / len(data)
    print(f"{len(data):,} graphs, {pairs:,.0f} pairs a graph")
    for name, cache in (("not kept", False), ("kept", True), ("read again", True)):
        call = partial(apply, method, data, cache=cache, progress=False)
        print(f"  apply, {name:12}{timed(call):8.2f} s", flush=True)
    kept = sum(path.stat().st_size for path in Path(os.environ["GNNLAB_HOME"]).rglob("*.npz"))
    print(f"  on the disk {kept / 1e6:.0f} MB")


def cases(data: list[Data], max_hop: int) -> list[Case]:
    """Seconds for one graph, of the pairs alone and of what a user calls."""
    few, method = data[:SAMPLE], AddHops(max_hop)
    graphs = read_graphs(data, method.undirected, "AddHops")
    sides: dict[str, Callable[[], object]] = {
        "hop sets alone": lambda: [None for _ in method.results(graphs)],
        "apply, from Data to Data": lambda: apply(method, data, cache=False, progress=False),
        "AddHops, one graph after the other": lambda: [method(graph) for graph in data],
    }

    def peer() -> float:
        return timed(lambda: [dense(g.edge_index, g.num_nodes, max_hop) for g in few], len(few))

    return [Case(name, peer, partial(timed, side, len(data))) for name, side in sides.items()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10_000, help="graphs of the timed calls")
    parser.add_argument("--max-hop", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    data = [peptide_like(seed) for seed in range(options.graphs)]
    check(data[:5], options.max_hop)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    head = f"one graph, {options.max_hop} hops"
    print(f"{head:44}{'dense ms':>12}{'ours ms':>12}{'ratio':>9}   min - max")
    for case in cases(data, options.max_hop):
        print(line(case, options.rounds), flush=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["GNNLAB_HOME"] = home
        for count in (options.graphs, options.large):
            many([peptide_like(seed) for seed in range(count)], options.max_hop)


if __name__ == "__main__":
    main()
