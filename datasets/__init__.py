"""Graphs and sets of graphs by name: real ones with their cards, generated ones with a seed."""

from __future__ import annotations

if __name__ != "gnnlab.datasets":
    raise ImportError(
        "import gnnlab.datasets, not datasets: the folder is a room of the gnnlab package"
    )

from .cards import Card, card, cite
from .eccentricity import equal_shares, hop_eccentricity
from .features import NormalizeFeatures
from .folds import folds
from .generators import (
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
from .given_cards import GivenCard
from .graph_cards import GraphsCard
from .graphs import Graphs
from .homophily import (
    adjusted_homophily,
    edge_homophily,
    label_informativeness,
    node_homophily,
)
from .link_cards import LinkCard
from .loading import load, names, resolve
from .reading import FlawWarning
from .records import Citation, Record
from .repeats import distinct, first_alike, pairs
from .scaffolds import scaffolds
from .sparse import ToSparseFeatures
from .splits import Masks
from .stress import Stress

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
