"""SSWL+ on molecules, beside the structure of its release: edges between pairs written out.

The release is not on the index, so the other side is its algorithm, written down in plain torch: a
dense Floyd-Warshall and tables of indices for every graph, which PyG batches, and for each sum a
gather, a shift by the bond, a ReLU and a scatter over all edges between pairs. Results and
gradients are compared first. Sides take turns; the ratio is the median over rounds, with its range.
``--epoch`` trains on rebuilt ZINC for an epoch too, with the release's size of batches.
Run: python benchmarks/subgraphs.py [--graphs 1000] [--width 96] [--rounds 7] [--epoch]
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from memory import peak_megabytes
from rewiring_dense import Case, line, timed
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import datasets
from gnnlab.layers import SubgraphGNN
from gnnlab.ops import Pairs, pair_aggregate
from gnnlab.rewiring import apply
from gnnlab.structure.transforms import PairDistances
from gnnlab.tasks.shared.collate import Collate

BATCH, BONDS, LIMIT = 128, 4, 5
NODES = (18, 28)
"""Smallest and largest molecule: 23 atoms and 50 rows of edges in the mean, as ZINC's have."""
SUMS = ("uL", "vL", "vv")


def molecule(seed: int) -> Data:
    """A tree of short branches, and two rings of six."""
    random = np.random.default_rng(seed)
    nodes = int(random.integers(NODES[0], NODES[1] + 1))
    atom = np.arange(1, nodes)
    tree = np.stack([atom, atom - np.minimum(random.geometric(0.6, nodes - 1), atom)])
    ring = random.integers(0, nodes - 5, 2)
    ends = np.concatenate([tree, np.stack([ring, ring + 5])], axis=1)
    edges = torch.from_numpy(np.unique(np.concatenate([ends, ends[::-1]], axis=1), axis=1))
    generator = torch.Generator().manual_seed(seed)
    return Data(
        x=torch.randn(nodes, 8, generator=generator),
        edge_index=edges,
        edge_attr=(edges.sum(0) % BONDS).unsqueeze(1),  # the same in both directions
    )


def released(data: Data) -> Data:
    """What the release stores for every graph."""
    nodes, edges = data.num_nodes, data.edge_index
    pair = torch.arange(nodes**2).view(nodes, nodes)
    far = torch.full((nodes, nodes), torch.inf)
    far[edges[0], edges[1]] = 1
    far.fill_diagonal_(0)
    for k in range(nodes):
        far = torch.minimum(far, far[:, [k]] + far[[k], :])
    point = torch.stack(torch.broadcast_tensors(pair, pair.diagonal()[None, :]))
    row = torch.stack(torch.broadcast_tensors(pair[:, :, None], pair[:, None, :]))
    second = pair[None, None, :, 0] + edges[:, :, None]
    first = pair[None, None, 0, :] + edges[:, :, None] * nodes
    bonds = data.edge_attr[:, None].expand(-1, nodes, -1).flatten(end_dim=1)
    return Data(
        x=data.x[None].expand(nodes, -1, -1).flatten(end_dim=1),
        d=far.clamp(max=LIMIT).long().flatten(),
        index_vv=point.flatten(1),
        index_uG=row.flatten(1),
        index_uL=second.flatten(1),
        index_vL=first.flatten(1),
        attrs_uL=bonds,
        attrs_vL=bonds,
    )


def scattered(x: Tensor, index: Tensor, shift: Tensor | None) -> Tensor:
    """Gather, shift, rectify, scatter: row 0 of the index receives."""
    message = x.index_select(0, index[1])
    if shift is not None:
        message = F.relu(message + shift)
    return torch.zeros_like(x).index_add(0, index[0], message)


class Sides:
    """One batch, as both sides hold it, and one aggregation with its gradients on either."""

    def __init__(self, data: Sequence[Data], width: int) -> None:
        self.batch = Batch.from_data_list([PairDistances(LIMIT)(graph) for graph in data])
        self.theirs = Batch.from_data_list([released(graph) for graph in data])
        self.pairs = Pairs(self.batch.edge_index, self.batch.ptr)
        torch.manual_seed(0)
        self.h = torch.randn(self.pairs.num_pairs, width, requires_grad=True)
        self.tables = [torch.randn(BONDS, width, requires_grad=True) for _ in range(2)]
        self.scale = torch.tensor([1.1, 0.9, 1.2], requires_grad=True)
        self.grads = [torch.randn_like(self.h) for _ in SUMS]

    def ours(self) -> list[Tensor]:
        codes = self.batch.edge_attr[:, 0]
        own = {s: F.embedding(codes, t) for s, t in zip(SUMS, self.tables, strict=False)}
        return list(pair_aggregate(self.h, self.pairs, SUMS, shifts=own, scale=self.scale))

    def peer(self) -> list[Tensor]:
        found = []
        for share, symbol in zip(self.scale, SUMS, strict=True):
            shift = None
            if symbol != "vv":
                codes = self.theirs[f"attrs_{symbol}"][:, 0]
                shift = F.embedding(codes, self.tables[SUMS.index(symbol)])
            sums = scattered(self.h, self.theirs[f"index_{symbol}"], shift)
            found.append(share * self.h + sums)
        return found

    def merged(self) -> list[Tensor]:
        """All three as they are, into one."""
        return [torch.stack(pair_aggregate(self.h, self.pairs, SUMS)).sum(0)]

    def peer_merged(self) -> list[Tensor]:
        index = torch.cat([self.theirs[f"index_{symbol}"] for symbol in SUMS], dim=1)
        return [scattered(self.h, index, None)]

    def step(self, forward: Callable[[], list[Tensor]]) -> list[Tensor]:
        out = forward()
        leaves = [self.h, *self.tables, self.scale]
        grads = torch.autograd.grad(out, leaves, self.grads[: len(out)], allow_unused=True)
        return [*out, *(grad for grad in grads if grad is not None)]


def check(sides: Sides) -> None:
    """Both sides compute the same."""
    for forward, other in ((sides.ours, sides.peer), (sides.merged, sides.peer_merged)):
        for mine, theirs in zip(sides.step(forward), sides.step(other), strict=True):
            error = float((mine - theirs).detach().abs().max() / theirs.detach().abs().max())
            if not error < 1e-4:
                raise RuntimeError(f"the two sides differ by {error:.1e}")


class Written(nn.Module):
    """The network with the release's sums, and the other parts of ours."""

    def __init__(self, encoder: SubgraphGNN) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, batch: Batch) -> Tensor:
        own = self.encoder
        assert own.marks is not None and own.output is not None
        h = own.input(batch.x) + own.marks(batch.d)
        for layer in own.layers:
            total = 0
            for number, symbol in enumerate(layer.symbols):
                shift = None
                if symbol in layer.local:
                    encode = layer.edges[layer.local.index(symbol)]
                    shift = encode(batch[f"attrs_{symbol}"])
                sums = scattered(h, batch[f"index_{symbol}"], shift)
                total = total + layer.mlps[number]((1 + layer.eps[number]) * h + sums)
            h = F.relu(layer.norm(total))
        readout = own.readout
        pooled = scattered(h, batch.index_uG, None)  # as the release does: for all pairs (u, v)
        rows = F.relu(readout.norm(readout.mlp(pooled)))
        counts = batch.batch.bincount().unsqueeze(1)
        mean = rows.new_zeros(len(counts), rows.shape[1]).index_add(0, batch.batch, rows) / counts
        return own.output(mean)


def trained(model: nn.Module, batch: Batch) -> None:
    """A step of training, without the optimiser."""
    model(batch).square().mean().backward()
    model.zero_grad()


def cases(data: list[Data], sides: Sides, width: int) -> list[Case]:
    """Milliseconds a graph of the preparation, and a batch of the rest."""
    method, few = PairDistances(LIMIT), data[:BATCH]
    theirs, own = [released(graph) for graph in few], Collate([method(graph) for graph in few])
    encoder = SubgraphGNN(8, width, 6, out_channels=1, edge_dim=(BONDS,))
    many = partial(apply, method, data, cache=False, progress=False)
    found = [
        Case("prepare a graph", lambda: timed(lambda: list(map(released, few)), len(few)),
             lambda: timed(many, len(data))),
        Case(f"collate {len(few)} graphs", lambda: timed(lambda: Batch.from_data_list(theirs)),
             lambda: timed(lambda: own(range(len(few))))),
    ]  # fmt: skip
    sums = (("uL, vL, vv with bonds", sides.ours, sides.peer),
            ("uL + vL + vv", sides.merged, sides.peer_merged))  # fmt: skip
    for name, forward, other in sums:
        found.append(
            Case(name, partial(timed, partial(sides.step, other)),
                 partial(timed, partial(sides.step, forward)))
        )  # fmt: skip
    written = partial(trained, Written(encoder), sides.theirs)
    found.append(
        Case("SSWL+, six layers, a step", partial(timed, written),
             partial(timed, partial(trained, encoder, sides.batch)))
    )  # fmt: skip
    return found


def molecules() -> tuple[str, list[Data]]:
    """The training molecules of rebuilt ZINC where they are at hand, or as many that are drawn."""
    try:
        found = datasets.load("zinc12k_rebuilt")
    except OSError:
        return "drawn molecules", [molecule(seed) for seed in range(10_000)]
    chosen = found.train_mask[:, 0].nonzero().flatten().tolist()
    graphs = [found[number] for number in chosen]
    for graph in graphs:
        graph.x = F.one_hot(graph.x[:, 0].long(), found.x_sizes[0]).float()
    return found.name, graphs


def epoch(encoder: SubgraphGNN, collate: Collate, count: int) -> float:
    """Seconds of a pass over all graphs: batches, forward, loss, backward, Adam."""
    adam = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    start = time.perf_counter()
    for part in torch.randperm(count, generator=torch.Generator().manual_seed(0)).split(BATCH):
        batch = collate(part.tolist())
        loss = (encoder(batch).flatten() - batch.y.flatten()).abs().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return time.perf_counter() - start


def print_epoch(width: int) -> None:
    name, graphs = molecules()
    for number, graph in enumerate(graphs):
        graph.y = torch.tensor([float(number % 5)]) if graph.y is None else graph.y.float()
    prepared = apply(PairDistances(LIMIT), graphs, cache=False, progress=False)
    torch.manual_seed(0)
    features = graphs[0].num_node_features
    encoder = SubgraphGNN(features, width, 6, out_channels=1, edge_dim=(BONDS,))
    peak, taken = peak_megabytes(partial(epoch, encoder, Collate(prepared), len(prepared)))
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    print(
        f"an epoch of SSWL+ on {name}: {len(graphs):,} graphs, batches of {BATCH}, {width} wide, "
        f"six layers, {parameters:,} parameters: {taken:.0f} s, peak {peak or 0:.0f} MB"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", type=int, default=1000, help="that are prepared together")
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epoch", action="store_true", help="an epoch of training too")
    options = parser.parse_args(arguments)
    data = [molecule(seed) for seed in range(options.graphs)]
    sides = Sides(data[:BATCH], options.width)
    check(sides)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    written = sum(sides.theirs[f"index_{symbol}"].shape[1] for symbol in SUMS)
    print(f"{sides.pairs.num_pairs:,} pairs of nodes, {written:,} edges between them")
    print(f"{'':44}{'release ms':>12}{'ours ms':>12}{'ratio':>9}   min - max")
    for case in cases(data, sides, options.width):
        print(line(case, options.rounds), flush=True)
    encoder = SubgraphGNN(8, options.width, 6, out_channels=1, edge_dim=(BONDS,))
    both = {"release": (Written(encoder), sides.theirs), "ours": (encoder, sides.batch)}
    for name, (model, batch) in both.items():
        peak, _ = peak_megabytes(partial(trained, model, batch))
        print(f"peak memory of the step, {name}: {'-' if peak is None else f'{peak:.0f} MB'}")
    if options.epoch:
        print_epoch(options.width)


if __name__ == "__main__":
    main()
