"""Tasks: what to predict from a graph, how it is scored, and the training loop."""

from __future__ import annotations

if __name__ != "gnnlab.tasks":
    raise ImportError("import gnnlab.tasks, not tasks: the folder is a room of the gnnlab package")

from gnnlab.layers.parameters import measured

from .common import common_neighbors
from .curve import Curve, at_own_best
from .dot import DotProduct
from .fit import Result, fit
from .graph import GraphPrediction
from .hadamard import HadamardMLP
from .heuristics import (
    AdamicAdar,
    CommonNeighbors,
    Katz,
    PersonalizedPageRank,
    ResourceAllocation,
    ShortestPath,
    heuristic,
)
from .link import LinkPrediction
from .link_model import LinkModel
from .link_split import LinkSplit
from .model import Model
from .ncn import NCN
from .ncnc import NCNC
from .node import NodeClassification
from .paired import Comparison, PairedComparison, compare_pairs
from .training import Training

__all__ = [
    "NCN",
    "NCNC",
    "AdamicAdar",
    "CommonNeighbors",
    "Comparison",
    "Curve",
    "DotProduct",
    "GraphPrediction",
    "HadamardMLP",
    "Katz",
    "LinkModel",
    "LinkPrediction",
    "LinkSplit",
    "Model",
    "NodeClassification",
    "PairedComparison",
    "PersonalizedPageRank",
    "ResourceAllocation",
    "Result",
    "ShortestPath",
    "Training",
    "at_own_best",
    "common_neighbors",
    "compare_pairs",
    "fit",
    "heuristic",
]

_HEADS: tuple[type, ...] = (
    *(NCN, NCNC, DotProduct, HadamardMLP),
    *(AdamicAdar, CommonNeighbors, Katz, PersonalizedPageRank, ResourceAllocation, ShortestPath),
)
for _head in _HEADS:
    measured(_head)
