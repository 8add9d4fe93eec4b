"""Scaffold splits: molecules with the same Bemis-Murcko scaffold lie in the same part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.settings import checked
from gnnlab.datasets.chemistry.smiles import DOUBLE, SINGLE
from gnnlab.datasets.measures.duplicates import first_alike
from gnnlab.datasets.values.masks import Masks, masks_of

if TYPE_CHECKING:
    import networkx as nx
    from torch_geometric.data import Data

DRAWS, FRACTIONS = 10, (0.8, 0.1)
"""Splits with shuffled scaffolds; train and validation, test takes the rest."""
CARBON, RING = 5, 5
"""The code of an element, and of the bonds in rings beside the kinds of the others."""
ROUNDS = 16
"""Of colour refinement on atoms and bonds, 8 bonds far; what it cannot tell apart is compared."""


@checked
def scaffolds(graphs: Sequence[Data]) -> Tensor:
    """Give for every molecule the number of the first one with the same Bemis-Murcko scaffold.

    A scaffold is the molecule's rings and what links them, with atoms that are bound to these by a
    double bond; atoms of degree one are taken away until none is left, and then these come back.
    Elements, charges and kinds of bonds count, stereo and hydrogens (which are where side chains
    were) do not. Of bonds in rings only what they join counts, carbons being unsaturated or not:
    an aromatic ring may be written in two ways. Molecules without a ring share the empty scaffold.

    Args:
        graphs: molecules as ``load("esol")`` holds them: x and edge_attr are codes read off SMILES.

    Returns:
        (G,) int64.

    Cost: O(E) rounds of pruning, and a comparison of two scaffolds for most molecules.

    Source:
        Bemis and Murcko, "The properties of known drugs. 1. Molecular frameworks", J. Med. Chem.
        1996. Of the 5,650 scaffolds that RDKit 2026.9 finds in ESOL, lipophilicity, BBBP and
        AqSolDB none is torn apart here; 36 times some, mostly tautomers, are taken for one.
    """
    found = [_scaffold(data) for data in graphs]
    there = [number for number, own in enumerate(found) if len(own.x)]
    first = torch.arange(len(graphs))
    empty = [number for number, own in enumerate(found) if not len(own.x)]
    first[empty] = empty[0] if empty else 0
    chosen = [found[number] for number in there]
    alike = first_alike(chosen, rounds=ROUNDS).tolist() if chosen else []
    known: dict[int, list[int]] = {}
    seen: dict[bytes, int] = {}
    for number, kind in zip(there, alike, strict=True):
        written = _written(found[number])
        if written not in seen:
            same = known.setdefault(kind, [])
            match = (one for one in same if _isomorphic(found[one], found[number]))
            seen[written] = next(match, number)
            if seen[written] == number:
                same.append(number)
        first[number] = seen[written]
    return first


def by_scaffold(
    graphs: Sequence[Data],
    seed: int | None = None,
    count: int = DRAWS,
    fractions: tuple[float, float] = FRACTIONS,
) -> Masks:
    """Split molecules so that no scaffold is in two parts.

    Scaffolds come in the order of their numbers of molecules, the most frequent first (of equal
    ones the one that occurs last in the set), and each goes to the first of train, validation and
    test with room for it. So what is tested is rare, and unlike what was trained on.

    Args:
        graphs: as for :func:`scaffolds`.
        seed: draw splits with the scaffolds in random orders instead.
        count: S, how many of these.
        fractions: of train and validation; test takes the rest.

    Shapes: three masks (G, 1), or (G, S) with a seed.

    Source:
        Wu et al., "MoleculeNet: a benchmark for molecular machine learning", Chemical Science 2018
        (https://arxiv.org/abs/1703.00564), in the order of DeepChem's ScaffoldSplitter.
    """
    kind = scaffolds(graphs).numpy()
    groups = [np.flatnonzero(kind == first) for first in np.unique(kind)]
    if seed is None:
        orders = [sorted(groups, key=lambda group: (len(group), group[0]), reverse=True)]
    else:
        rng = np.random.default_rng(seed)
        orders = [[groups[i] for i in rng.permutation(len(groups))] for _ in range(count)]
    train, valid = (len(kind) * share for share in np.cumsum(fractions))
    part = np.full((len(orders), len(kind)), 2, dtype=np.int8)
    for row, order in zip(part, orders, strict=True):
        filled = [0, 0]
        for group in order:
            if filled[0] + len(group) <= train:
                row[group], filled[0] = 0, filled[0] + len(group)
            elif sum(filled) + len(group) <= valid:
                row[group], filled[1] = 1, filled[1] + len(group)
    return masks_of(part)


def _scaffold(data: Data) -> Data:
    """The scaffold with a node for every atom and bond, whose codes are its features."""
    from torch_geometric.data import Data

    count = len(data.x)
    source, target = data.edge_index.numpy()
    kind, within = data.edge_attr.numpy().T[:2]
    kept = np.ones(count, dtype=bool)
    while True:
        alive = kept[source] & kept[target]
        degree = np.bincount(source[alive], minlength=count)
        leaves = kept & (degree < 2)
        if not leaves.any():
            break
        kept &= ~leaves
    bound = kept[source] & (kind == DOUBLE)
    whole = kept.copy()
    whole[target[bound]] = True
    inside = (kept[source] & kept[target]) | ((kept[source] | kept[target]) & (kind == DOUBLE))
    place = np.cumsum(whole) - 1
    half = np.flatnonzero(inside & (source < target))
    bond = whole.sum() + np.arange(len(half))
    flat = np.zeros(count, dtype=np.float32)
    flat[source[kind != SINGLE]] = data.x.numpy()[source[kind != SINGLE], 0] == CARBON
    atoms = np.column_stack([data.x.numpy()[:, [0, 2]], flat])[whole]
    codes = np.where(within[half], RING, kind[half])[:, None] - 8  # unlike any element
    rows = np.concatenate([atoms, np.pad(codes, ((0, 0), (0, 2)))]).astype(np.float32)
    ends = [place[source[half]], place[target[half]]]
    pairs = np.concatenate([[end, bond] for end in ends] + [[bond, end] for end in ends], axis=1)
    return Data(x=torch.from_numpy(rows), edge_index=torch.from_numpy(pairs.astype(np.int64)))


def _written(data: Data) -> bytes:
    written: bytes = data.x.numpy().tobytes() + data.edge_index.numpy().tobytes()
    return written


def _isomorphic(one: Data, other: Data) -> bool:
    import networkx as nx

    def drawn(data: Data) -> nx.Graph[int]:
        found: nx.Graph[int] = nx.Graph()
        found.add_nodes_from((i, {"code": tuple(row)}) for i, row in enumerate(data.x.tolist()))
        found.add_edges_from(data.edge_index.T.tolist())
        return found

    same = nx.algorithms.isomorphism.categorical_node_match("code", None)
    return bool(nx.is_isomorphic(drawn(one), drawn(other), node_match=same))
