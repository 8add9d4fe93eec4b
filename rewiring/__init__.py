"""Rewirings: graph -> graph before training."""

from __future__ import annotations

if __name__ != "gnnlab.rewiring":
    raise ImportError(
        "import gnnlab.rewiring, not rewiring: the folder is a room of the gnnlab package"
    )

from gnnlab.settings import checked
from gnnlab.structure.graph import Graph
from gnnlab.structure.transforms import AddHops, AddPaths

from .base import Rewiring
from .borf import BORF
from .changes import Changes, count_edge_types
from .commute import commute_time
from .curvature import balanced_forman, ollivier_ricci
from .families import find, rewirings
from .fosr import FoSR
from .gap import spectral_gap
from .gtr import GTR
from .hops import hop_distances
from .identity import Identity
from .influence import Influence, total_influence
from .kirchhoff import total_resistance
from .laser import LASER
from .many import apply
from .random_edges import RandomEdges
from .resistance import effective_resistance
from .sdrf import SDRF
from .sensitivity import Sensitivity, jacobian_sensitivity
from .walks import walk_counts

__all__ = [
    "BORF",
    "GTR",
    "LASER",
    "SDRF",
    "AddHops",
    "AddPaths",
    "Changes",
    "FoSR",
    "Graph",
    "Identity",
    "Influence",
    "RandomEdges",
    "Rewiring",
    "Sensitivity",
    "apply",
    "balanced_forman",
    "commute_time",
    "count_edge_types",
    "effective_resistance",
    "find",
    "hop_distances",
    "jacobian_sensitivity",
    "ollivier_ricci",
    "rewirings",
    "spectral_gap",
    "total_influence",
    "total_resistance",
    "walk_counts",
]

for _method in rewirings().values():
    checked(_method)
