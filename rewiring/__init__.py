"""Rewirings: graph -> graph before training."""

from __future__ import annotations

if __name__ != "gnnlab.rewiring":
    raise ImportError(
        "import gnnlab.rewiring, not rewiring: the folder is a room of the gnnlab package"
    )

from .apply import apply
from .base import Rewiring
from .borf import BORF
from .changes import Changes, count_edge_types
from .curvature import balanced_forman, ollivier_ricci
from .families import find, rewirings
from .graph import Graph
from .gtr import GTR
from .identity import Identity
from .laser import LASER
from .random_edges import RandomEdges
from .sdrf import SDRF

__all__ = [
    "BORF",
    "GTR",
    "LASER",
    "SDRF",
    "Changes",
    "Graph",
    "Identity",
    "RandomEdges",
    "Rewiring",
    "apply",
    "balanced_forman",
    "count_edge_types",
    "find",
    "ollivier_ricci",
    "rewirings",
]
