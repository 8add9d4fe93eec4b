"""Graphs and sets of graphs by name: real ones with their cards, generated ones with a seed."""

from __future__ import annotations

if __name__ != "gnnlab.datasets":
    raise ImportError("import gnnlab.datasets, not datasets: the folder is a package of gnnlab")

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
