"""From a recipe or a line of settings to results on disk and tables made of them."""

from __future__ import annotations

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
