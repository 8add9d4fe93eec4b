"""What ``gnnlab.structure`` exports; each name loads when it is first asked for."""

from . import transforms as transforms
from .hops.sets import hop_pairs as hop_pairs
from .paths.colors import path_colors as path_colors
from .paths.sets import paths_from as paths_from
from .subgraphs.colors import subgraph_colors as subgraph_colors
from .subgraphs.k_hop import KHopSubgraph as KHopSubgraph
from .subgraphs.k_hop import KHopSubgraphs as KHopSubgraphs
from .subgraphs.k_hop import k_hop_subgraph as k_hop_subgraph
from .subgraphs.k_hop import k_hop_subgraphs as k_hop_subgraphs
