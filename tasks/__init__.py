"""Tasks: what to predict from a graph, how it is scored, and the training loop."""

from __future__ import annotations

if __name__ != "gnnlab.tasks":
    raise ImportError("import gnnlab.tasks, not tasks: the folder is a room of the gnnlab package")

from gnnlab.layers.parts.parameters import measured
from gnnlab.tasks.clustering.kmeans import KMeans
from gnnlab.tasks.clustering.node_clustering import NodeClustering
from gnnlab.tasks.embedding.features import FeatureEmbedding
from gnnlab.tasks.embedding.node_embedding import EmbeddingProbe
from gnnlab.tasks.embedding.spectral import SpectralEmbedding
from gnnlab.tasks.graph.pair_discrimination import Comparison, PairedComparison, compare_pairs
from gnnlab.tasks.graph.prediction import GraphPrediction
from gnnlab.tasks.link.common_neighbors import common_neighbors
from gnnlab.tasks.link.heads.dot import DotProduct
from gnnlab.tasks.link.heads.hadamard import HadamardMLP
from gnnlab.tasks.link.heads.ncn import NCN
from gnnlab.tasks.link.heads.ncnc import NCNC
from gnnlab.tasks.link.heuristics import (
    AdamicAdar,
    CommonNeighbors,
    Katz,
    PersonalizedPageRank,
    ResourceAllocation,
    ShortestPath,
    heuristic,
)
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.link.prediction import LinkPrediction
from gnnlab.tasks.link.splits.split import LinkSplit
from gnnlab.tasks.node.one_graph import NodeClassification
from gnnlab.tasks.selfsupervised.infomax import DeepGraphInfomax
from gnnlab.tasks.selfsupervised.pretraining import Pretraining
from gnnlab.tasks.shared.linear_probe import probe
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.training.curve import Curve, at_own_best
from gnnlab.tasks.training.fit import Result, fit
from gnnlab.tasks.training.settings import Training

__all__ = [
    "NCN",
    "NCNC",
    "AdamicAdar",
    "CommonNeighbors",
    "Comparison",
    "Curve",
    "DeepGraphInfomax",
    "DotProduct",
    "EmbeddingProbe",
    "FeatureEmbedding",
    "GraphPrediction",
    "HadamardMLP",
    "KMeans",
    "Katz",
    "LinkModel",
    "LinkPrediction",
    "LinkSplit",
    "Model",
    "NodeClassification",
    "NodeClustering",
    "PairedComparison",
    "PersonalizedPageRank",
    "Pretraining",
    "ResourceAllocation",
    "Result",
    "ShortestPath",
    "SpectralEmbedding",
    "Training",
    "at_own_best",
    "common_neighbors",
    "compare_pairs",
    "fit",
    "heuristic",
    "probe",
]

_HEADS: tuple[type, ...] = (
    *(NCN, NCNC, DotProduct, HadamardMLP),
    *(AdamicAdar, CommonNeighbors, Katz, PersonalizedPageRank, ResourceAllocation, ShortestPath),
)
for _head in _HEADS:
    measured(_head)
