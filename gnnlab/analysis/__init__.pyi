"""What ``gnnlab.analysis`` exports; each name loads when it is first asked for."""

from .depth import DepthCurve as DepthCurve
from .depth import by_depth as by_depth
from .energy import dirichlet_energy as dirichlet_energy
from .separation import class_separation as class_separation
from .sheaf import sheaf_energies as sheaf_energies
from .sheaf import sheaf_energy as sheaf_energy
from .smoothing import smoothness as smoothness
from .states import hidden_states as hidden_states
