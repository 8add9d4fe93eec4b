"""What one layer of DRew costs beside the propagations and the linear maps that it is made of.

The graphs are 128 random trees of 150 nodes with a few rings, about as many as a batch of peptides
has, and their pairs up to 15 hops; the layer is the fifteenth, which hears all of them. In each
round every part makes a step, and "aggregation" is the layer less its maps, over the propagations
of all distances by themselves, in that round; shown are medians and quartiles. "released" is the
form with a block for each distance, beside the same blocks of PyG's GCNConv.
Run: python benchmarks/drew.py [--width 42 64 130] [--rounds 15] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Data

from gnnlab.layers.multihop.drew import delay
from gnnlab.layers.multihop.drew_conv import ConvHops
from gnnlab.layers.multihop.drew_layers import GCNHops
from gnnlab.layers.multihop.hop_graphs import Hop, hop_graphs
from gnnlab.layers.parts.gcn_conv import GCNConv
from gnnlab.ops import gcn_propagate
from gnnlab.structure.transforms import AddHops

GRAPHS, NODES, HOPS = 128, 150, 15
Step = Callable[[], Tensor]


def peptides(seed: int = 0) -> list[Hop]:
    """The pairs of a batch at each distance."""
    random = np.random.default_rng(seed)
    child = np.tile(np.arange(1, NODES), GRAPHS)
    back = np.minimum(child, 1 + random.geometric(0.5, len(child)))
    shift = np.repeat(np.arange(GRAPHS) * NODES, NODES - 1)
    tree = np.stack([child, child - back]) + shift
    rings = tree[:, random.random(tree.shape[1]) < 0.04]
    rings = np.stack([rings[0], np.maximum(rings[1] - 4, rings[0] // NODES * NODES)])
    ends = torch.from_numpy(np.concatenate([tree, rings], axis=1))
    data = Data(x=torch.empty(GRAPHS * NODES, 0), edge_index=torch.cat([ends, ends.flip(0)], 1))
    return [hop for hop in hop_graphs(AddHops(HOPS)(data.coalesce()), HOPS) if hop is not None]


class Released(nn.Module):
    """The released layer, of PyG's parts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(pyg.GCNConv(width, width, bias=False) for _ in range(HOPS))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in range(HOPS))

    def forward(self, h: Tensor, reads: list[Tensor], hops: list[Hop]) -> Tensor:
        total = torch.zeros_like(h)
        for conv, norm, x, hop in zip(self.convs, self.norms, reads, hops, strict=True):
            total = total + F.normalize(F.relu(norm(conv(x, hop.adj.edge_index))), dim=1)
        return F.normalize(h + F.relu(total), dim=1)


def parts(hops: list[Hop], width: int, nu: float) -> dict[str, Step]:
    """The layer, and what it is made of, on the states that each distance reads."""
    torch.manual_seed(0)
    nodes = hops[0].adj.num_nodes
    states = [torch.randn(nodes, width, requires_grad=True) for _ in range(HOPS)]
    reads = [states[-1 - delay(k, nu)] for k in range(1, HOPS + 1)]
    layer = GCNHops(width, HOPS, shared=False, dropout=0.0, graph_degrees=False)

    def maps() -> Tensor:
        out = reads[0] @ layer.weight[0]
        for x, weight in zip(reads[1:], layer.weight[1:], strict=True):
            out = torch.addmm(out, x, weight)
        return out

    def propagations() -> Tensor:
        sums = [gcn_propagate(x, hop.adj) for x, hop in zip(reads, hops, strict=True)]
        return _Joined.apply(*sums)

    released = ConvHops(
        width, HOPS, partial(GCNConv, bias=False), shared=False, dropout=0.0, edge_dim=None,
        released=True, weighable=True,
    )  # fmt: skip
    theirs = Released(width)
    theirs.load_state_dict(
        {k.replace("linear", "lin"): v for k, v in released.state_dict().items()}
    )
    sides = {
        "layer": partial(layer, states[-1], reads, hops),
        "maps": maps,
        "propagations": propagations,
        "released": partial(released, states[-1], reads, hops),
        "released of PyG's parts": partial(theirs, states[-1], reads, hops),
    }
    with torch.no_grad():
        ours, other = sides["released"](), sides["released of PyG's parts"]()
    torch.testing.assert_close(ours, other, rtol=1e-3, atol=1e-3)
    return sides


class _Joined(torch.autograd.Function):
    """One tensor that stands for many, whose gradient is each one's: nothing is added up."""

    @staticmethod
    def forward(ctx: Any, *sums: Tensor) -> Tensor:
        ctx.count = len(sums)
        return sums[0].view_as(sums[0])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return (grad,) * ctx.count


def forward(step: Step) -> float:
    start = time.perf_counter()
    with torch.no_grad():
        step()
    return time.perf_counter() - start


def both(step: Step) -> float:
    start = time.perf_counter()
    out = step()
    torch.autograd.backward(out, torch.ones_like(out))
    return time.perf_counter() - start


def measure(sides: dict[str, Step], rounds: int) -> dict[str, Any]:
    """Median milliseconds of each part, and the ratios within rounds."""
    found: dict[str, Any] = {}
    for pass_ in (forward, both):
        times: list[dict[str, float]] = []
        for _ in range(rounds + 1):  # the first sorts what is kept
            times.append({name: pass_(step) for name, step in sides.items()})
        rows = times[1:]
        ratios = {
            "aggregation": [(r["layer"] - r["maps"]) / r["propagations"] for r in rows],
            "PyG / released": [r["released of PyG's parts"] / r["released"] for r in rows],
        }
        found[pass_.__name__] = {
            **{f"{n}, ms": 1e3 * statistics.median(r[n] for r in rows) for n in sides},
            **{name: statistics.quantiles(values, n=4) for name, values in ratios.items()},
        }
    return found


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, nargs="+", default=[42, 64, 130])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(words)
    hops, found = peptides(), {}
    near = ", ".join(f"{hop.adj.num_edges / hop.adj.num_nodes:.1f}" for hop in hops)
    print(f"{GRAPHS} graphs of {NODES} nodes; pairs of a node at 1 to {HOPS} hops: {near}")
    for width in arguments.width:
        for nu in (1, math.inf):
            name = f"width {width}, nu = {nu}"
            found[name] = measure(parts(hops, width, nu), arguments.rounds)
            for pass_, row in found[name].items():
                print(f"{name}, {pass_}:")
                for key, value in row.items():
                    text = f"{value:9.1f}" if key.endswith("ms") else _quartiles(value)
                    print(f"    {key:32}{text}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


def _quartiles(values: list[float]) -> str:
    low, middle, high = values
    return f"{middle:9.2f}  ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
