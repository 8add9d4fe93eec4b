"""Rewirings: graph -> graph before training."""

from __future__ import annotations

if __name__ != "gnnlab.rewiring":
    raise ImportError(
        "import gnnlab.rewiring, not rewiring: the folder is a room of the gnnlab package"
    )

from .base import Rewiring
from .changes import Changes, count_edge_types
from .families import find, rewirings
from .graph import Graph
from .identity import Identity
from .random_edges import RandomEdges

__all__ = [
    "Changes",
    "Graph",
    "Identity",
    "RandomEdges",
    "Rewiring",
    "count_edge_types",
    "find",
    "rewirings",
]
