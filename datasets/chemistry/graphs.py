"""Molecular graphs: the codes of atoms and bonds, and whether these lie in rings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.datasets.chemistry.codes import SMILES_ATOMS
from gnnlab.datasets.chemistry.smiles import AROMATIC, SINGLE, Molecule
from gnnlab.datasets.values.cut_graphs import cut

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.chemistry.stereo import Stereo

CHARGE = 5
"""Added to a charge, so that codes begin at 0."""


def to_graphs(
    molecules: Sequence[Molecule], y: Tensor, stereo: Sequence[Stereo] | None = None
) -> tuple[Data, ...]:
    """Code the atoms and bonds of molecules, each bond in both directions.

    Args:
        molecules: G of them.
        y: (G,) or (G, T), what is to be predicted.
        stereo: what :func:`gnnlab.datasets.chemistry.stereo.stereo_of` says of each, for one more
            column of x and of edge_attr, of 4 values.

    Shapes: x (N, 6) float32 of ``molecules.SMILES_ATOMS`` values, edge_index (2, E) sorted by
    source, edge_attr (E, 2) int64 of ``molecules.SMILES_BONDS``. What is out of range takes the
    nearest value.
    """
    sizes = [len(molecule.elements) for molecule in molecules]
    starts = accumulate(sizes[:-1], initial=0)
    rows = [
        (one + start, other + start, kind)
        for molecule, start in zip(molecules, starts, strict=True)
        for one, other, kind in molecule.bonds
    ]
    bonds = torch.tensor(rows, dtype=torch.int64).reshape(-1, 3)
    ends, nodes = bonds[:, :2].T, sum(sizes)
    within = ring_bonds(ends, nodes)
    both = torch.cat([ends, ends.flip(0)], dim=1)
    order = (both[0] * nodes + both[1]).argsort()
    # Two rings of aromatic atoms may be joined by a bond that is not written: a single one.
    kind = bonds[:, 2].masked_fill(~within & (bonds[:, 2] == AROMATIC), SINGLE)
    attr = torch.stack([kind, within.long()], dim=1)
    columns = [
        [(element - 1) % SMILES_ATOMS[0] for m in molecules for element in m.elements],
        torch.bincount(both[0], minlength=nodes).tolist(),
        [charge + CHARGE for m in molecules for charge in m.charges],
        [count for m in molecules for count in m.hydrogens],
        [aromatic for m in molecules for aromatic in m.aromatic],
        torch.zeros(nodes).index_fill_(0, ends[:, within].flatten(), 1).tolist(),
    ]
    x = torch.tensor([list(map(float, column)) for column in columns]).T
    x = x.clamp(min=0).minimum(torch.tensor(SMILES_ATOMS) - 1).contiguous()
    if stereo is not None:
        hands = torch.tensor([code for own in stereo for code in own.atoms])
        sides = torch.tensor([code for own in stereo for code in own.bonds], dtype=torch.int64)
        x = torch.cat([x, hands[:, None]], dim=1)
        attr = torch.cat([attr, sides[:, None]], dim=1)
    edge_attr = torch.cat([attr, attr])[order]
    return cut(torch.tensor(sizes), x, both[:, order], y, edge_attr=edge_attr)


def ring_bonds(ends: Tensor, num_nodes: int) -> Tensor:
    """Mark the undirected edges that lie on a cycle: those without which no two parts fall apart.

    Args:
        ends: (2, B) int64, each edge once, no loops.
        num_nodes: N.

    Shapes: (2, B) -> (B,) bool.

    Cost: O(N + B).

    Source: Tarjan, "A note on finding the bridges of a graph", Information Processing Letters 1974.
    """
    rows: list[list[tuple[int, int]]] = [[] for _ in range(num_nodes)]
    for edge, (one, other) in enumerate(ends.T.tolist()):
        rows[one].append((other, edge))
        rows[other].append((one, edge))
    within = torch.ones(ends.shape[1], dtype=torch.bool)
    when, low = [-1] * num_nodes, [0] * num_nodes
    clock = 0
    for root in range(num_nodes):
        if when[root] >= 0:
            continue
        when[root] = low[root] = clock
        clock += 1
        path = [(root, -1, iter(rows[root]))]
        while path:
            node, via, ahead = path[-1]
            step = next(ahead, None)
            if step is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])
                    within[via] = low[node] <= when[above]
                continue
            other, edge = step
            if edge == via:
                continue
            if when[other] >= 0:
                low[node] = min(low[node], when[other])
            else:
                when[other] = low[other] = clock
                clock += 1
                path.append((other, edge, iter(rows[other])))
    return within
