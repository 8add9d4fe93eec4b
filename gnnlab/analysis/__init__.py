"""What happens to hidden states with depth: energy, smoothness, separation of classes."""

from __future__ import annotations

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
