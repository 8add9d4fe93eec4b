"""All simple paths of TU sets, beside networkx and the algorithm of PathNN's release.

The release cannot be installed. Its algorithm is written down here in the library that it uses,
where that is installed (``pip install igraph``): all simple paths from a node at a time, as lists,
and a look-up of the distance for each node of each path.
"""

from __future__ import annotations

import importlib.util
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
import torch
from rewiring_dense import Case, timed
from torch_geometric.data import Data
from torch_geometric.utils import from_networkx

from gnnlab import datasets
from gnnlab.rewiring import apply
from gnnlab.structure.graphs.graph import Graph, join
from gnnlab.structure.graphs.reading import read_graphs
from gnnlab.structure.paths.sets import PathSets
from gnnlab.structure.transforms import AddPaths

SETS = {"PROTEINS": 4, "IMDB-BINARY": 3}
"""Sets, and the edges of their longest paths: 5 and 4 nodes."""
COUNT = 200
"""Graphs of a generated set, and of a real one that is listed whole."""
Lists = list[list[list[int]]]


def protein_like(seed: int) -> Data:
    """39 nodes in a ring of four neighbours, a tenth of them turned elsewhere."""
    return data_of(nx.watts_strogatz_graph(39, 4, 0.1, seed=seed))


def film_like(seed: int) -> Data:
    """Two to four cliques that share a node, 20 nodes in all."""
    random = np.random.default_rng(seed)
    parts = np.array_split(np.arange(1, 20), int(random.integers(2, 5)))
    return data_of(nx.compose_all([nx.complete_graph([0, *part.tolist()]) for part in parts]))


def data_of(graph: nx.Graph) -> Data:
    data = from_networkx(nx.convert_node_labels_to_integers(graph))
    data.x = torch.ones(len(graph), 1)
    return data


LIKE = {"PROTEINS": protein_like, "IMDB-BINARY": film_like}


def graphs_of(name: str, like: bool) -> list[Data]:
    return [LIKE[name](seed) for seed in range(COUNT)] if like else list(datasets.load(name))


def with_networkx(graph: Graph, length: int) -> Lists:
    """Paths by their number of edges."""
    own = nx.Graph(graph.pairs.T.tolist())
    found: Lists = [[] for _ in range(length)]
    for start in own:
        for path in nx.all_simple_paths(own, start, set(own) - {start}, cutoff=length):
            found[len(path) - 2].append(path)
    return found


def with_igraph(graph: Graph, length: int) -> Lists:
    """The same, and the distance of each node on a path, as the release finds them."""
    import igraph

    own = igraph.Graph(n=graph.num_nodes, edges=graph.pairs.T.tolist())
    far = np.array(own.distances())
    found: Lists = [[] for _ in range(length)]
    distances: Lists = [[] for _ in range(length)]
    for start in range(graph.num_nodes):
        for path in own.get_all_simple_paths(start, maxlen=length):
            found[len(path) - 2].append(path)
            distances[len(path) - 2].append([far[start, node] for node in path])
    for k in range(length):
        torch.LongTensor(found[k]), torch.LongTensor(distances[k])
    return found


def with_ours(graphs: Sequence[Graph], length: int) -> list[list[np.ndarray]]:
    union, starts = join(graphs)
    sets = PathSets(*union.sources, starts, length, "all")
    return [own.nodes for own in sets.paths(distances=True)]


def peers() -> dict[str, Callable[[Graph, int], Lists]]:
    found = {"networkx": with_networkx}
    if importlib.util.find_spec("igraph") is not None:
        found["igraph"] = with_igraph
    return found


def check(graphs: Sequence[Graph], length: int, peer: Callable[[Graph, int], Lists]) -> int:
    """Refuse to time what finds other paths; return how many there are."""
    total = 0
    for graph, ours in zip(graphs, with_ours(graphs, length), strict=True):
        for theirs, own in zip(peer(graph, length), ours, strict=True):
            if sorted(theirs) != own.T.tolist():
                raise RuntimeError(f"{peer.__name__}: the two sides found different paths")
            total += len(theirs)
    return total


def cases(options: Namespace) -> Iterator[Case]:
    """Paths of a sample beside each peer; then, ours alone, of whole sets."""
    for name, length in SETS.items():
        data = graphs_of(name, options.like)
        graphs = read_graphs(data, True, "AddPaths")
        some, few = data[:COUNT], graphs[:: max(1, len(graphs) // options.sample)]
        for told, peer in peers().items():
            paths = check(few[:5], length, peer)
            print(f"{name}, {length} edges: {paths / len(few[:5]):,.0f} paths in a graph, of five")
            ours = partial(timed, partial(with_ours, few, length), len(few))
            yield Case(f"simple paths beside {told}", partial(one_by_one, peer, few, length), ours)
        whole: dict[str, Callable[[], Any]] = {
            f"simple paths, {len(some)} graphs": partial(with_ours, graphs[:COUNT], length),
            "AddPaths, from Data to Data": partial(
                apply, AddPaths(length, "all"), some, cache=False, progress=False
            ),
        }
        for told, call in whole.items():
            yield Case(told, None, partial(timed, call, len(some)))


def one_by_one(
    peer: Callable[[Graph, int], Lists], graphs: Sequence[Graph], length: int
) -> float:  # fmt: skip
    return timed(lambda: [peer(graph, length) for graph in graphs], len(graphs))
