"""Re-exports of the rewiring package: names of lower packages that it offers as its own."""

from gnnlab.contracts.graph_arguments import count_edge_types
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.transforms import AddHops, AddPaths

__all__ = ["AddHops", "AddPaths", "Graph", "count_edge_types"]
