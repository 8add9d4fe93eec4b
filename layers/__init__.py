"""Layers: one method a file, a conv and the encoder built of it."""

from __future__ import annotations

if __name__ != "gnnlab.layers":
    raise ImportError("import gnnlab.layers, not layers: the folder is a package of gnnlab")

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
