"""What happens to hidden states with depth: energy, smoothness, separation of classes."""

from __future__ import annotations

from gnnlab.analysis.depth import DepthCurve, by_depth
from gnnlab.analysis.energy import dirichlet_energy
from gnnlab.analysis.separation import class_separation
from gnnlab.analysis.sheaf import sheaf_energies, sheaf_energy
from gnnlab.analysis.smoothness import smoothness
from gnnlab.analysis.states import hidden_states

__all__ = [
    "DepthCurve",
    "by_depth",
    "class_separation",
    "dirichlet_energy",
    "hidden_states",
    "sheaf_energies",
    "sheaf_energy",
    "smoothness",
]
