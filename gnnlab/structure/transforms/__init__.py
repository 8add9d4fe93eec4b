"""Transforms that compute a structure of the graph and store it in the data."""

from gnnlab.core.settings import checked
from gnnlab.structure.transforms.base import GraphTransform, refuse_batch, shares
from gnnlab.structure.transforms.data_stores import shallow
from gnnlab.structure.transforms.encodings import Encoding, LaplacianPE, RandomWalkPE
from gnnlab.structure.transforms.hops import AddHops, known_hops
from gnnlab.structure.transforms.k_path_subgraphs import KPathSubgraphs
from gnnlab.structure.transforms.pair_distances import PairDistances
from gnnlab.structure.transforms.paths import AddPaths
from gnnlab.structure.transforms.structure import Structure

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
