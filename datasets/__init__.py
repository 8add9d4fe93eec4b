"""Graphs and sets of graphs by name: real ones with their cards, generated ones with a seed."""

from __future__ import annotations

if __name__ != "gnnlab.datasets":
    raise ImportError(
        "import gnnlab.datasets, not datasets: the folder is a room of the gnnlab package"
    )

from gnnlab.datasets.cards.card import Card
from gnnlab.datasets.cards.given_graphs import GivenCard
from gnnlab.datasets.cards.graph import GraphsCard
from gnnlab.datasets.cards.link import LinkCard
from gnnlab.datasets.catalogue.records import Citation, Record
from gnnlab.datasets.describing import card, cite
from gnnlab.datasets.features.eccentricity_labels import equal_shares, hop_eccentricity
from gnnlab.datasets.features.normalize import NormalizeFeatures
from gnnlab.datasets.features.sparse import ToSparseFeatures
from gnnlab.datasets.generators import (
    cluster,
    counting,
    csbm,
    csl,
    graph_transfer,
    karate,
    minesweeper,
    pattern,
    ring_transfer,
    rmat,
    topology_of,
    tree_neighbours_match,
)
from gnnlab.datasets.kinds.node import FlawWarning
from gnnlab.datasets.loading import load, names, resolve
from gnnlab.datasets.measures.duplicates import distinct, first_alike, pairs
from gnnlab.datasets.measures.homophily import (
    adjusted_homophily,
    edge_homophily,
    label_informativeness,
    node_homophily,
)
from gnnlab.datasets.splits.folds import folds
from gnnlab.datasets.splits.scaffold import scaffolds
from gnnlab.datasets.stress import Stress
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import Masks

__all__ = [
    "Card",
    "Citation",
    "FlawWarning",
    "GivenCard",
    "Graphs",
    "GraphsCard",
    "LinkCard",
    "Masks",
    "NormalizeFeatures",
    "Record",
    "Stress",
    "ToSparseFeatures",
    "adjusted_homophily",
    "card",
    "cite",
    "cluster",
    "counting",
    "csbm",
    "csl",
    "distinct",
    "edge_homophily",
    "equal_shares",
    "first_alike",
    "folds",
    "graph_transfer",
    "hop_eccentricity",
    "karate",
    "label_informativeness",
    "load",
    "minesweeper",
    "names",
    "node_homophily",
    "pairs",
    "pattern",
    "resolve",
    "ring_transfer",
    "rmat",
    "scaffolds",
    "topology_of",
    "tree_neighbours_match",
]
