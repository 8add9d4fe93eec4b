"""Random wrong calls of the rooms' public functions, and fits of spoilt graphs, one a case."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import torch
from ops_calls import spoiled
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import analysis, check, datasets, layers, rewiring, structure, tasks

NODES, COLUMNS = 14, 5
Call = tuple[Callable[..., Any], dict[str, Any]]


def graph(rng: Random) -> Data:
    """A small undirected graph with masks, weights and attributes."""
    generator = torch.Generator().manual_seed(rng.randrange(1000))
    pairs = torch.combinations(torch.arange(NODES))
    kept = pairs[torch.rand(len(pairs), generator=generator) < 0.3].T
    edges = torch.cat([kept, kept.flip(0)], dim=1)
    part = torch.arange(NODES) // 2 % 3
    data = Data(
        x=torch.randn(NODES, COLUMNS, generator=generator),
        edge_index=edges,
        y=torch.arange(NODES) % 2,
        train_mask=part == 0,
        val_mask=part == 1,
        test_mask=part == 2,
    )
    if rng.random() < 0.3:
        data.edge_weight = torch.ones(edges.shape[1])
    return data


def graphs(rng: Random) -> datasets.Graphs:
    """Twelve graphs of two classes."""
    made = []
    for number in range(12):
        data = graph(rng)
        own = dict(x=data.x, edge_index=data.edge_index, y=torch.tensor([number % 2]))
        made.append(Data(**own))
    part = torch.arange(12) // 2 % 3
    return datasets.Graphs(tuple(made), datasets.Masks(part == 0, part == 1, part == 2), 2, "made")


def spoilt(rng: Random, data: Data) -> Data:
    """The graph with one of its values spoilt, missing or made up."""
    data = data.clone()
    keys = sorted(data.keys())  # PyG has them in the order of a set
    key = rng.choice([*keys, "edge_attr", "edge_type", "edge_weight", "num_nodes", "extra"])
    if rng.random() < 0.15 and key in data:
        del data[key]
    else:
        edges = data.to_dict().get("edge_index")
        ones = torch.ones(edges.shape[-1] if isinstance(edges, Tensor) and edges.dim() else 1)
        data[key] = spoiled(rng, data[key] if key in data else ones)
    return data


def calls(rng: Random) -> dict[str, Call]:
    """A right call of each function."""
    data = graph(rng)
    edges, y, x = data.edge_index, data.y, data.x
    gcn = layers.GCN(COLUMNS, 4, num_layers=2)
    pairs = torch.tensor([[0, 1, 2], [3, 4, 5]])
    on = dict(edge_index=edges, num_nodes=NODES)
    made: dict[str, Call] = {
        "check": (check, dict(data=data)),
        "layers.average_log_degree": (layers.average_log_degree, dict(graphs=[data])),
        "layers.find": (layers.find, dict(name="gcn")),
        "layers.width_for": (
            layers.width_for,
            dict(budget=1000, make=partial(layers.GCN, COLUMNS), multiple=2),
        ),
        "tasks.common_neighbors": (tasks.common_neighbors, dict(**on, pairs=pairs)),
        "tasks.heuristic": (tasks.heuristic, dict(data=data, head=tasks.NCN(4), metric="auto")),
        "tasks.LinkSplit.random": (
            tasks.LinkSplit.random,
            dict(data=data, valid=0.1, test=0.2, seed=0),
        ),
        "datasets.card": (datasets.card, dict(name="karate", seed=0)),
        "datasets.load": (datasets.load, dict(name="karate", seed=0, split=None)),
        "datasets.cite": (datasets.cite, dict(name="cora", source=None)),
        "datasets.names": (datasets.names, dict(task="node")),
        "datasets.resolve": (datasets.resolve, dict(name="karate", source=None, split=None)),
        "datasets.distinct": (datasets.distinct, dict(graphs=[data, data])),
        "datasets.first_alike": (datasets.first_alike, dict(graphs=[data, data], rounds=2)),
        "datasets.pairs": (datasets.pairs, dict(graphs=[data, data])),
        "datasets.equal_shares": (datasets.equal_shares, dict(values=x[:, 0], classes=3)),
        "datasets.folds": (datasets.folds, dict(y=y, count=3, held_out=0.1, seed=0)),
        "datasets.hop_eccentricity": (datasets.hop_eccentricity, dict(**on, max_hop=3)),
        "datasets.scaffolds": (datasets.scaffolds, dict(graphs=[data])),
        "rewiring.balanced_forman": (rewiring.balanced_forman, dict(on)),
        "rewiring.commute_time": (rewiring.commute_time, dict(**on, pairs=pairs)),
        "rewiring.effective_resistance": (
            rewiring.effective_resistance,
            dict(**on, pairs=pairs, method="exact", error=0.3, seed=0),
        ),
        "rewiring.find": (rewiring.find, dict(name="borf")),
        "rewiring.hop_distances": (rewiring.hop_distances, dict(**on, max_hop=2)),
        "rewiring.jacobian_sensitivity": (
            rewiring.jacobian_sensitivity,
            dict(encoder=gcn, data=data, nodes=2, seed=0),
        ),
        "rewiring.ollivier_ricci": (
            rewiring.ollivier_ricci,
            dict(**on, alpha=0.0, progress=False),
        ),
        "rewiring.spectral_gap": (rewiring.spectral_gap, dict(on)),
        "rewiring.total_influence": (
            rewiring.total_influence,
            dict(encoder=gcn, data=data, max_hop=2, nodes=2, seed=0),
        ),
        "rewiring.total_resistance": (rewiring.total_resistance, dict(on)),
        "rewiring.walk_counts": (rewiring.walk_counts, dict(**on, length=2, lazy=False)),
        "analysis.class_separation": (analysis.class_separation, dict(h=x, y=y)),
        "analysis.dirichlet_energy": (analysis.dirichlet_energy, dict(h=x, adj=edges)),
        "analysis.hidden_states": (analysis.hidden_states, dict(encoder=gcn, data=data)),
        "analysis.smoothness": (analysis.smoothness, dict(h=x, block=4)),
        "structure.k_hop_subgraph": (
            structure.k_hop_subgraph,
            dict(node=0, num_hops=2, adj=edges, num_nodes=NODES),
        ),
        "structure.k_hop_subgraphs": (
            structure.k_hop_subgraphs,
            dict(nodes=torch.tensor([0, 1]), num_hops=2, adj=edges, num_nodes=NODES),
        ),
        "structure.path_colors": (structure.path_colors, dict(**on, length=2, kind="shortest")),
        "structure.paths_from": (structure.paths_from, dict(**on, length=2, kind="all")),
        "structure.subgraph_colors": (
            structure.subgraph_colors,
            dict(**on, aggregation="SSWL+", policy="distance", rounds=2),
        ),
    }
    for name in ("adjusted", "edge", "node"):
        function = getattr(datasets, f"{name}_homophily")
        made[f"datasets.{name}_homophily"] = (function, dict(edge_index=edges, y=y))
    made["datasets.label_informativeness"] = (
        datasets.label_informativeness,
        dict(edge_index=edges, y=y),
    )
    return made


def call(case: int) -> str:
    """Make a right call of one function, spoil an argument or two, and make it."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rng = Random(case)
    made = calls(rng)
    name = rng.choice(sorted(made))
    function, given = made[name]
    for _ in range(rng.choice([1, 1, 2])):
        key = rng.choice(sorted(given))
        value = given[key]
        given[key] = spoilt(rng, value) if isinstance(value, Data) else spoiled(rng, value)
    function(**given)
    return name


ENCODERS = ("GCN", "GAT", "SAGE", "GIN", "GINE", "GatedGCN", "RGCN", "SheafDiffusion", "PathNN")


def fit(case: int) -> str:
    """Spoil a value of a graph, or of a few graphs of a set, and fit it for one epoch."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rng = Random(case)
    name = rng.choice(ENCODERS)
    encoder = layers.find(name)(COLUMNS, 8)
    training = tasks.Training(epochs=1)
    kind = rng.choice(["node", "link", "graph"])
    if kind == "node":
        tasks.fit(tasks.NodeClassification(), encoder, spoilt(rng, graph(rng)), training)
    elif kind == "link":
        data = spoilt(rng, graph(rng))
        data = tasks.LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)
        tasks.fit(tasks.LinkPrediction(batch_size=4), encoder, data, training)
    else:
        many = graphs(rng)
        made = [spoilt(rng, one) if rng.random() < 0.3 else one for one in many]
        tasks.fit(tasks.GraphPrediction(), encoder, many.with_graphs(made), training)
    return f"{kind} {name}"


if __name__ == "__main__":  # python tests/fuzz/room_calls.py call|fit FIRST STOP
    import children

    outcomes = children.run(f"room_calls:{sys.argv[1]}", range(*map(int, sys.argv[2:4])), 60)
    print(children.counts(outcomes))
    for outcome in children.bad(outcomes):
        print(outcome)
