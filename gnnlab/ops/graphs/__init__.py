"""Graphs as the operations read them: adjacency, masked and traced graphs, pairs, features.

The forms that are made of another one are given to it here, so that no file of two imports the
other in turn.
"""

from gnnlab.ops.graphs.adjacency import Adjacency
from gnnlab.ops.graphs.masked import mask
from gnnlab.ops.graphs.node_pairs import Pairs
from gnnlab.ops.graphs.traced import trace
from gnnlab.ops.graphs.traced_pairs import TracedPairs

Adjacency._hide = staticmethod(mask)
Adjacency._trace = staticmethod(trace)
Pairs._trace = TracedPairs
