"""Rewirings: graph -> graph before training."""

from __future__ import annotations

if __name__ != "gnnlab.rewiring":
    raise ImportError(
        "import gnnlab.rewiring, not rewiring: the folder is a room of the gnnlab package"
    )

from gnnlab.contracts.graph_arguments import count_edge_types
from gnnlab.core.settings import checked
from gnnlab.rewiring.application import apply
from gnnlab.rewiring.base.changes import Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.rewiring.controls.identity import Identity
from gnnlab.rewiring.controls.random_edges import RandomEdges
from gnnlab.rewiring.curvature.borf import BORF
from gnnlab.rewiring.curvature.sdrf import SDRF
from gnnlab.rewiring.diagnostics.commute_time import commute_time
from gnnlab.rewiring.diagnostics.curvature import balanced_forman, ollivier_ricci
from gnnlab.rewiring.diagnostics.hop_distances import hop_distances
from gnnlab.rewiring.diagnostics.jacobian_sensitivity import Sensitivity, jacobian_sensitivity
from gnnlab.rewiring.diagnostics.resistance import effective_resistance
from gnnlab.rewiring.diagnostics.spectral_gap import spectral_gap
from gnnlab.rewiring.diagnostics.total_influence import Influence, total_influence
from gnnlab.rewiring.diagnostics.total_resistance import total_resistance
from gnnlab.rewiring.diagnostics.walk_counts import walk_counts
from gnnlab.rewiring.listing import find, rewirings
from gnnlab.rewiring.local.laser import LASER
from gnnlab.rewiring.spectral.fosr import FoSR
from gnnlab.rewiring.spectral.gtr import GTR
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.transforms import AddHops, AddPaths

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
