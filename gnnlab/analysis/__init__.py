"""What happens to hidden states with depth: energy, smoothness, separation of classes."""

from __future__ import annotations

from .depth import DepthCurve, by_depth
from .energy import dirichlet_energy
from .separation import class_separation
from .sheaf import sheaf_energies, sheaf_energy
from .smoothness import smoothness
from .states import hidden_states

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
