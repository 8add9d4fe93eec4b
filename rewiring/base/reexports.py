"""What the face of rewirings exports of packages below: structures, the simple graph, types."""

from gnnlab.contracts.graph_arguments import count_edge_types
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.transforms import AddHops, AddPaths

__all__ = ["AddHops", "AddPaths", "Graph", "count_edge_types"]
