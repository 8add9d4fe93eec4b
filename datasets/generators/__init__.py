"""Graphs made from a seed, with no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gnnlab.datasets.generators.ba_shapes import ba_shapes
from gnnlab.datasets.generators.communities import cluster, pattern
from gnnlab.datasets.generators.counting import counting
from gnnlab.datasets.generators.csbm import csbm
from gnnlab.datasets.generators.csl import csl
from gnnlab.datasets.generators.karate import karate
from gnnlab.datasets.generators.minesweeper import minesweeper
from gnnlab.datasets.generators.neighbours_match import tree_neighbours_match
from gnnlab.datasets.generators.rmat import rmat
from gnnlab.datasets.generators.transfer import graph_transfer, ring_transfer, topology_of

GENERATORS: dict[str, Callable[..., Any]] = {
    "ba-shapes": ba_shapes,
    "cluster-generated": cluster,
    "counting": counting,
    "csbm": csbm,
    "csl-generated": csl,
    "graph-transfer": graph_transfer,
    "karate": karate,
    "minesweeper-generated": minesweeper,
    "pattern-generated": pattern,
    "ring-transfer": ring_transfer,
    "rmat": rmat,
    "tree-neighbours-match": tree_neighbours_match,
}
OF_MANY = frozenset(
    {
        *("cluster-generated", "counting", "csl-generated", "graph-transfer", "pattern-generated"),
        *("ring-transfer", "tree-neighbours-match"),
    }
)
"""Those that make a set of many graphs; the others make one."""

__all__ = [
    "GENERATORS",
    "OF_MANY",
    "ba_shapes",
    "cluster",
    "counting",
    "csbm",
    "csl",
    "graph_transfer",
    "karate",
    "minesweeper",
    "pattern",
    "ring_transfer",
    "rmat",
    "topology_of",
    "tree_neighbours_match",
]
