"""Transforms that compute a structure of the graph and store it in the data."""

from gnnlab.settings import checked

from .base import GraphTransform, refuse_batch, shares
from .encodings import Encoding, LaplacianPE, RandomWalkPE
from .hops import AddHops, known_hops
from .pairs import PairDistances
from .paths import AddPaths
from .rooted import KPathSubgraphs
from .stores import shallow
from .structure import Structure

__all__ = [
    "AddHops",
    "AddPaths",
    "Encoding",
    "GraphTransform",
    "KPathSubgraphs",
    "LaplacianPE",
    "PairDistances",
    "RandomWalkPE",
    "Structure",
    "known_hops",
    "refuse_batch",
    "shallow",
    "shares",
]

for _transform in (AddHops, AddPaths, KPathSubgraphs, LaplacianPE, PairDistances, RandomWalkPE):
    checked(_transform)
