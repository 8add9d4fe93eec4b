"""Transforms that compute a structure of the graph and store it in the data."""

from __future__ import annotations

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
