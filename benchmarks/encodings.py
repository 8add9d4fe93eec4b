"""Positional encodings and GINE beside PyG's, in the same run.

PyG's transforms take one graph at a time and do a sample of them; ours take all. Both sides take
turns; the ratio is the median over rounds with its range. ``--large`` times ours alone on 10,000
graphs of 25 to 150 nodes, a road-like graph of 130,000 nodes, and a random one of 100,000.
Run: python benchmarks/encodings.py [--graphs 500] [--rounds 5] [--only gine] [--large]
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from rewiring_dense import Case, line, timed
from torch import nn
from torch_geometric import nn as pyg
from torch_geometric import transforms
from torch_geometric.data import Batch, Data
from torch_geometric.utils import to_undirected

from gnnlab.datasets.chemistry.codes import BONDS
from gnnlab.layers import Categories, GINEConv
from gnnlab.rewiring import apply
from gnnlab.structure.transforms import Encoding, LaplacianPE, RandomWalkPE

SAMPLE = 30
"""Graphs that PyG's transforms are asked for in a round."""
WIDTH = 160
"""Of GINE: that of the tuned baseline on Peptides-func."""


def molecule(nodes: int, seed: int) -> Data:
    """A tree whose nodes hang on one of the four before them, and a ring for every 12."""
    random = np.random.default_rng(seed)
    node = np.arange(1, nodes)
    parent = np.maximum(node - random.integers(1, 5, nodes - 1), 0)
    rings = random.integers(0, nodes, (2, nodes // 12))
    ends = torch.from_numpy(np.concatenate([np.stack([node, parent]), rings], axis=1))
    ends = to_undirected(ends[:, ends[0] != ends[1]], num_nodes=nodes)
    codes = [torch.from_numpy(random.integers(0, size, ends.shape[1])) for size in BONDS]
    return Data(edge_index=ends, num_nodes=nodes, edge_attr=torch.stack(codes, 1))


def road(side: int, share: float = 0.75) -> Data:
    """A grid without a quarter of its edges."""
    random, node = np.random.default_rng(0), np.arange(side * side).reshape(side, side)
    across = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    down = np.stack([node[:-1].ravel(), node[1:].ravel()])
    ends = np.concatenate([across, down], axis=1)
    ends = ends[:, random.random(ends.shape[1]) < share]
    return Data(edge_index=to_undirected(torch.from_numpy(ends)), num_nodes=side * side)


def scattered(nodes: int, degree: int) -> Data:
    """A random graph."""
    ends = torch.randint(
        nodes, (2, nodes * degree // 2), generator=torch.Generator().manual_seed(0)
    )
    return Data(edge_index=to_undirected(ends[:, ends[0] != ends[1]]), num_nodes=nodes)


def encodings(graphs: int) -> list[Case]:
    """Seconds a graph."""
    found = []
    for nodes in (25, 80, 150):
        data = [molecule(nodes, seed) for seed in range(graphs)]
        for name, transform, theirs in (
            ("laplacian", LaplacianPE(10), laplacian(10)),
            ("random walk", RandomWalkPE(20), transforms.AddRandomWalkPE(20)),
        ):
            found.append(_case(f"{name}, {nodes} nodes", data, transform, theirs))
    return found


def laplacian(k: int) -> transforms.BaseTransform:
    return transforms.AddLaplacianEigenvectorPE(k, is_undirected=True)


def _case(name: str, data: list[Data], transform: Encoding, theirs: Callable[[Data], Data]) -> Case:
    def ours() -> float:
        return timed(lambda: apply(transform, data, cache=False, progress=False), len(data))

    def peer() -> float:
        return timed(lambda: [theirs(graph) for graph in data[:SAMPLE]], SAMPLE)

    return Case(name, peer, ours)


def gine(graphs: int = 128) -> list[Case]:
    """A step, forward and backward, of one convolution on a batch of molecules with bonds."""
    batch = Batch.from_data_list([molecule(150, seed) for seed in range(graphs)])
    x, flow = torch.randn(batch.num_nodes, WIDTH), torch.randn(batch.num_nodes, WIDTH)
    ours = GINEConv(WIDTH, WIDTH, edge_dim=BONDS)
    bonds = Categories(BONDS, WIDTH)
    bonds.load_state_dict(ours.neighbours.edges.state_dict())
    theirs = pyg.GINEConv(nn.Sequential(ours.linear, ours.update))
    plain = pyg.GINConv(nn.Sequential(ours.linear, ours.update))

    def ours_step() -> torch.Tensor:
        return ours(x, batch.edge_index, edge_attr=batch.edge_attr)

    def theirs_step() -> torch.Tensor:
        return theirs(x, batch.edge_index, bonds(batch.edge_attr))

    def both(step: Callable[[], torch.Tensor]) -> Callable[[], float]:
        return lambda: timed(lambda: step().backward(flow), 1)

    x.requires_grad_()
    torch.testing.assert_close(ours_step(), theirs_step(), rtol=1e-4, atol=1e-4)
    maps = lambda: ours.update(ours.linear(x))  # noqa: E731
    return [
        Case("GINEConv, forward and backward", both(theirs_step), both(ours_step)),
        Case(
            "GINConv (PyG) / our GINEConv",
            both(lambda: plain(x, batch.edge_index)),
            both(ours_step),
        ),
        Case("its MLP alone", None, both(maps)),
    ]


def large() -> None:
    """What it takes at once, in seconds."""
    random = np.random.default_rng(0)
    sizes = random.integers(25, 151, 10_000).tolist()
    many = [molecule(size, seed) for seed, size in enumerate(sizes)]
    sets = {"10,000 graphs": many, "road-like": [road(360)], "random": [scattered(100_000, 8)]}
    for name, data in sets.items():
        for transform in (LaplacianPE(10), RandomWalkPE(20), RandomWalkPE(6)):
            if name == "random" and transform == RandomWalkPE(20):
                continue  # a walk of ten steps sees the whole graph, from each of its nodes
            start = time.perf_counter()
            apply(transform, data, cache=False, progress=False)
            nodes = sum(int(graph.num_nodes or 0) for graph in data)
            print(
                f"{name:16}{nodes:10,} nodes  {transform!s:22}{time.perf_counter() - start:9.1f} s"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--large", action="store_true", help="what takes a minute")
    options = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"{'one graph, or one step':44}{'PyG ms':>12}{'ours ms':>12}{'ratio':>9}   min - max")
    for case in [*encodings(options.graphs), *gine()]:
        if options.only.lower() in case.name.lower():
            print(line(case, options.rounds), flush=True)
    if options.large:
        large()


if __name__ == "__main__":
    main()
