"""NetworkX graphs: their attributes are columns of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gnnlab.contracts.described import described
from gnnlab.datasets.own.tables import from_tables
from gnnlab.datasets.own.tabular.columns import ROW

if TYPE_CHECKING:
    import networkx as nx
    from torch_geometric.data import Data

ENDS = ("(source)", "(target)")
"""Columns of ends, called as no attribute is."""


def from_networkx(graph: nx.Graph[Any], **options: Any) -> Data:
    """Graph of a NetworkX graph: attributes of nodes and edges are read as columns of tables are.

    Nodes keep their order, and their names are ``data.node_ids``. A directed graph keeps its
    directions; parallel edges of a multigraph stay unless all they hold is alike.

    Args:
        graph: a ``Graph``, ``DiGraph``, ``MultiGraph`` or ``MultiDiGraph``.
        options: as :func:`gnnlab.datasets.from_tables` takes them: ``label``, ``features``,
            ``categories``, ``weight``, … name attributes.

    Raises:
        ValueError: no graph of NetworkX, one without a node, and as ``from_tables``.

    Example:
        >>> import networkx as nx
        >>> club = nx.karate_club_graph()
        >>> data = from_networkx(club, label="club")
        >>> data.num_nodes, data.num_edges, data.class_names
        (34, 156, ('Mr. Hi', 'Officer'))
    """
    import networkx as nx
    import pandas as pd

    if not isinstance(graph, nx.Graph):
        raise ValueError(
            f"graph is {described(graph)}, but a graph of NetworkX is read here: give one"
        )
    names = list(graph.nodes)
    if not names:
        raise ValueError("the graph has no node: give one that has")
    place = {name: row for row, name in enumerate(names)}
    nodes = pd.DataFrame([attributes for _, attributes in graph.nodes(data=True)])
    nodes = nodes.reindex(range(len(names)))  # no attribute at all leaves no row
    held = list(graph.edges(data=True))
    edges = pd.DataFrame([attributes for *_, attributes in held]).reindex(range(len(held)))
    edges[ENDS[0]] = np.array([place[one] for one, *_ in held], dtype=np.int64)
    edges[ENDS[1]] = np.array([place[other] for _, other, _ in held], dtype=np.int64)
    given = {"directed": graph.is_directed(), "name": str(graph.name) or "own", **options}
    data = from_tables(nodes, edges, id=ROW, source=ENDS[0], target=ENDS[1], **given)
    data.node_ids = _names(names)
    return data


def _names(names: list[Any]) -> Any:
    if all(type(name) is int for name in names):
        return torch.tensor(names)
    found = np.empty(len(names), dtype=object)
    found[:] = names
    return found
