"""Layout in two dimensions (2D): places of nodes on a page, as far apart as in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from gnnlab.kernels.arrays import Array

if TYPE_CHECKING:
    import networkx as nx

MOST = 500
"""Nodes that are laid out: beyond them a picture shows nothing, and the layout takes long."""

CLOSEST = 0.6
"""How near two nodes are drawn, where neighbours are about 1 apart."""


def places(edge_index: Tensor, nodes: int) -> Array:
    """Return places at which neighbours are about 1 apart (Kamada and Kawai), (n, 2).

    Components are laid out each for itself, from left to right.

    Raises:
        ValueError: too many nodes.

    Cost:
        O(n²) a step of a few dozen.
    """
    import networkx as nx

    if nodes > MOST:
        raise ValueError(
            f"{nodes} nodes are to be drawn, but a picture shows at most {MOST}: draw fewer edges, "
            "with count"
        )
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(edge_index.T.tolist())
    out, left = np.zeros((nodes, 2)), 0.0
    for part in sorted(nx.connected_components(graph), key=len, reverse=True):
        own = sorted(part)
        found = _one(graph.subgraph(own), own)
        out[own] = found - found.min(0) + (left, 0.0)
        left = float(out[own, 0].max()) + 1.5
    return out


def of_smiles(smiles: str, atoms: int) -> Array | None:
    """Return a chemist's places of atoms, (n, 2); None without RDKit, or where it counts others."""
    try:
        from rdkit import Chem
        from rdkit.Chem import rdDepictor
    except ImportError:
        return None
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() != atoms:
        return None
    rdDepictor.Compute2DCoords(molecule)
    where = molecule.GetConformer().GetPositions()[:, :2] / 1.5  # bonds are 1.5 long there
    return np.asarray(where * (1, -1))


def _one(graph: nx.Graph[int], nodes: list[int]) -> Array:
    """The places of one component, a circle to begin with."""
    import networkx as nx

    if len(nodes) == 1:
        return np.zeros((1, 2))
    found: dict[int, Any] = nx.kamada_kawai_layout(graph)
    where = np.array([found[node] for node in nodes])
    ends = np.array([(nodes.index(a), nodes.index(b)) for a, b in graph.edges if a != b])
    lengths = np.linalg.norm(where[ends[:, 0]] - where[ends[:, 1]], axis=1)
    where = where / max(float(np.median(lengths)), 1e-9)
    gaps = np.linalg.norm(where[:, None] - where, axis=2)[np.triu_indices(len(where), 1)]
    # Wider where circles would lie on each other.
    return np.asarray(where * np.clip(CLOSEST / max(float(gaps.min()), 1e-9), 1, 3))
