"""Rewirings: graph -> graph before training."""

from __future__ import annotations

if __name__ != "gnnlab.rewiring":
    raise ImportError("import gnnlab.rewiring, not rewiring: the folder is a package of gnnlab")

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
