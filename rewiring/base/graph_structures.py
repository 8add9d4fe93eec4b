"""Structures of graphs that are computed in a rewiring's place, or that one is written with."""

from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.transforms import AddHops, AddPaths

__all__ = ["AddHops", "AddPaths", "Graph"]
