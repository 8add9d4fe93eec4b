"""How long a training epoch of the sheaf networks takes beside the structure of their release.

An epoch is one step on the full graph: forward, loss, backward, AdamW; the sides take turns.
"COO" puts the Laplacian together as a sparse matrix of scalars in every layer and reads both ends
of every edge side by side (benchmarks/peer_sheaf.py); its result is compared with ours first.
``--frames`` times the frames and transports of the connection sheaf on 20,000 nodes instead.
Run: python benchmarks/layers.py [--only chameleon] [--rounds 9] [--memory] [--json FILE]
"""

from __future__ import annotations

import sys
import time
import warnings
from functools import partial
from typing import Any

import torch
from epochs import Graph, Side, Table, build, classes, main
from peer_sheaf import Scalars
from torch import nn
from torch_geometric.data import Data
from torch_geometric.utils import to_undirected

from gnnlab import datasets, layers
from gnnlab.datasets import FlawWarning
from gnnlab.layers.sheaf.frames import transports
from gnnlab.tasks.training.peak_memory import PeakMemory

SIZES = {  # nodes, undirected edges, features, density, classes
    "chameleon": (2_277, 31_371, 2_325, 0.0055, 5),
    "squirrel": (5_201, 198_353, 2_089, 0.0086, 5),
}


def load(name: str) -> Data:
    """The real graph where it is at hand, else a random one of its size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlawWarning)
        try:
            data = datasets.load(name, source="heterophilous")
        except OSError:
            return synthetic(*SIZES[name])
    return Data(x=data.x, edge_index=data.edge_index, y=data.y, train=data.train_mask[:, 0])


def synthetic(nodes: int, pairs: int, columns: int, density: float, labels: int) -> Data:
    """An undirected graph with hubs and bags of words."""
    generator = torch.Generator().manual_seed(0)
    edge_index = build(Graph(nodes, 3 * pairs, 1.5))
    edge_index = edge_index[:, edge_index[0] < edge_index[1]].unique(dim=1)
    keep = torch.randperm(edge_index.shape[1], generator=generator)[:pairs]
    return Data(
        x=(torch.rand(nodes, columns, generator=generator) < density).float(),
        edge_index=to_undirected(edge_index[:, keep], num_nodes=nodes),
        y=torch.randint(labels, (nodes,), generator=generator),
        train=torch.arange(nodes) % 2 == 0,
    )


def sheaf(data: Data, maps: str, **settings: Any) -> layers.SheafDiffusion:
    """Five layers, stalks of three dimensions in 32 channels, dropout on the features."""
    torch.manual_seed(0)
    return layers.SheafDiffusion(
        data.num_features,
        32,
        5,
        maps=maps,
        stalk_dim=3,
        out_channels=classes(data),
        dropout=0.0,
        input_dropout=0.7,
        second_linear=True,
        **settings,
    )


def scalars(data: Data) -> nn.Module:
    """The release's structure, once it is seen to give our result."""
    ours = sheaf(data, "orthogonal")
    theirs = Scalars(ours, data)
    with torch.no_grad():
        torch.testing.assert_close(theirs.eval()(data), ours.eval()(data), rtol=1e-3, atol=1e-3)
    return theirs.train()


def ours(maps: str, **settings: Any) -> dict[str, Side]:
    make = partial(sheaf, maps=maps, **settings)
    return {"ours, dense x": Side(make), "ours, sparse x": Side(make, sparse=True)}


def beside_scalars() -> dict[str, Side]:
    return {"COO": Side(scalars), **ours("orthogonal")}


TABLE: Table = {
    "chameleon, O(3)": (partial(load, "chameleon"), beside_scalars),
    "chameleon, diag": (partial(load, "chameleon"), partial(ours, "diag")),
    "chameleon, general": (partial(load, "chameleon"), partial(ours, "general")),
    "chameleon, identity": (partial(load, "chameleon"), partial(ours, "identity")),
    "squirrel, O(3)": (partial(load, "squirrel"), partial(ours, "orthogonal")),
    "squirrel, O(3), weights": (
        partial(load, "squirrel"),
        partial(ours, "orthogonal", edge_weights=True, plus_channel=True),
    ),
}


def print_frames(nodes: int = 20_000, pairs: int = 100_000, columns: int = 300) -> None:
    """Seconds and memory of what the connection sheaf computes once, by degree and features."""
    generator = torch.Generator().manual_seed(0)
    print(f"{'frames and transports':32}{'seconds':>10}{'peak MB':>10}")
    for name, skew in (("uniform", 1.0), ("power law", 2.5)):
        edge_index = to_undirected(build(Graph(nodes, pairs, skew)), num_nodes=nodes)
        dense = torch.randn(nodes, columns, generator=generator)
        for kind, x in (("dense", dense), ("words", (dense > 2).float())):
            memory, start = PeakMemory(torch.device("cpu")), time.perf_counter()
            transports(edge_index, x, 3)
            seconds = time.perf_counter() - start
            title = f"{nodes} nodes, {name}, {kind}"
            print(f"{title:32}{seconds:10.2f}{memory.bytes() / 1e6:10.0f}", flush=True)


if __name__ == "__main__":
    if "--frames" in sys.argv:
        print_frames()
    else:
        main(TABLE, __file__, __doc__.splitlines()[0])
