"""Paths read by an LSTM, beside torch's own on sequences that are written out.

The release of path networks gathers the features along all paths of a length, (P, k + 1, H), puts
the vectors of distances beside them, and runs ``torch.nn.LSTM``. Ours maps each node once, gathers
in every step, and compiles what is not a matrix product. Times are of a forward and a backward
pass over all lengths of a batch. benchmarks/graph.py runs these cases.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from functools import partial

import torch
from rewiring_dense import Case, timed
from subgraphs import molecule
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab.layers.paths.lstm import PathLSTM, Reading
from gnnlab.layers.paths.reading import readings
from gnnlab.structure.transforms import AddPaths

BATCH, LENGTH, WIDTH = 128, 4, 64
KINDS = {"all_shortest": "shortest paths", "all": "simple paths, with distances"}


class Sides:
    """A batch of molecules with its paths, and one LSTM on both sides."""

    def __init__(self, kind: str) -> None:
        method = AddPaths(LENGTH, kind)  # type: ignore[arg-type]
        graphs = [method(molecule(seed)) for seed in range(BATCH)]
        batch: Data = Batch.from_data_list(graphs)
        self.paths = [batch[f"path_{k}_index"].flip(0) for k in range(1, LENGTH + 1)]
        self.far = [
            batch[f"path_{k}_distance"].flip(1).long().T if kind == "all" else None
            for k in range(1, LENGTH + 1)
        ]
        torch.manual_seed(0)
        self.x = torch.randn(batch.num_nodes, WIDTH, requires_grad=True)
        batch.x = self.x
        self.read: list[Reading] = readings(batch, LENGTH, kind, None)[0]
        self.own = PathLSTM(WIDTH, distances=LENGTH + 1 if kind == "all" else 0)
        self.torchs = nn.LSTM(self.own.cell.input_size, WIDTH)
        for name, values in self.own.cell.named_parameters():
            getattr(self.torchs, f"{name}_l0").data.copy_(values)

    def ours(self) -> list[Tensor]:
        return [self.own(self.x, reading) for reading in self.read]

    def peer(self) -> list[Tensor]:
        found = []
        for path, far in zip(self.paths, self.far, strict=True):
            sequence = self.x[path]
            if self.own.distances is not None:
                sequence = torch.cat([sequence, self.own.distances(far)], dim=2)
            found.append(self.torchs(sequence)[1][0][0])
        return found

    def step(self, side: str) -> list[Tensor]:
        """The last states of all paths, and what the nodes receive."""
        out: list[Tensor] = getattr(self, side)()
        total = torch.stack([(state**2).sum() for state in out]).sum()
        weights = self.own if side == "ours" else self.torchs
        grads = torch.autograd.grad(total, [self.x, *weights.parameters()], allow_unused=True)
        return [*(state.detach() for state in out), grads[0]]


def check(sides: Sides) -> None:
    """Both sides compute the same."""
    for mine, theirs in zip(sides.step("ours"), sides.step("peer"), strict=True):
        error = float((mine - theirs).abs().max() / theirs.abs().max())
        if not error < 1e-4:
            raise RuntimeError(f"the two sides differ by {error:.1e}")


def cases(options: Namespace) -> Iterator[Case]:
    """A batch of each kind of paths."""
    for kind, words in KINDS.items():
        sides = Sides(kind)
        check(sides)
        count = sum(path.shape[1] for path in sides.paths)
        print(f"{words}: {count:,} of 1 to {LENGTH} edges in {BATCH} molecules")
        peer, ours = (partial(timed, partial(sides.step, side)) for side in ("peer", "ours"))
        yield Case(f"an LSTM over {words}", peer, ours)
