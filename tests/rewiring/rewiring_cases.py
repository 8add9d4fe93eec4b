"""Cases of rewirings: how each exported one is built, as the rewirings' own tests say it."""

from __future__ import annotations

from gathered import gathered

from gnnlab.rewiring import Rewiring

CASES = gathered("rewiring", "structure")
METHODS = sorted(name for name, make in CASES.items() if isinstance(make(), Rewiring))
STRUCTURES = sorted(CASES.keys() - set(METHODS))
"""Listed beside the rewirings, but they leave the edges alone and store something."""
