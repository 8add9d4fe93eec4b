"""Tasks: what to predict from a graph, how it is scored, and the training loop."""

from __future__ import annotations

if __name__ != "gnnlab.tasks":
    raise ImportError("import gnnlab.tasks, not tasks: the folder is a package of gnnlab")

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
