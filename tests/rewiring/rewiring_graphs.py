"""Small graphs of every awkward kind."""

from __future__ import annotations

import networkx as nx
import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Data


def both(pairs: list[tuple[int, int]] | np.ndarray) -> Tensor:
    """Both directions of every edge, (2, 2 P)."""
    ends = torch.as_tensor(np.array(pairs, np.int64).reshape(-1, 2)).T
    return torch.cat([ends, ends.flip(0)], dim=1)


def of_networkx(graph: nx.Graph) -> tuple[Tensor, int]:
    """The ``edge_index`` and the number of nodes."""
    graph = nx.convert_node_labels_to_integers(graph)
    return both(list(graph.edges())), graph.number_of_nodes()


def data_of(graph: nx.Graph) -> Data:
    """The graph with a feature, without masks."""
    edge_index, nodes = of_networkx(graph)
    return Data(x=torch.arange(float(nodes))[:, None], edge_index=edge_index)


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 9, max_edges: int = 16) -> Data:
    """An undirected graph that may have no edge, be disconnected, have loops and parallel edges."""
    nodes = draw(st.integers(1, max_nodes))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edge_index = both(draw(st.lists(ends, max_size=max_edges)))
    order = draw(st.permutations(range(edge_index.shape[1])))
    edge_index = edge_index[:, list(order)]
    return Data(
        x=torch.arange(float(nodes))[:, None],
        edge_index=edge_index,
        edge_attr=torch.arange(float(edge_index.shape[1]))[:, None] + 1,
        edge_weight=torch.arange(float(edge_index.shape[1])) + 2,
        y=torch.arange(nodes) % 2,
        train_mask=torch.arange(nodes) % 2 == 0,
        name="small",
    )


def arcs(edge_index: Tensor) -> set[tuple[int, int]]:
    """The arcs as a set."""
    return {(int(u), int(v)) for u, v in edge_index.T.tolist()}
