"""Right calls of every public function of ``gnnlab.ops``: what the fuzzer then spoils."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from ops_maker import Maker

from gnnlab import ops
from gnnlab.ops import Adjacency, EdgeDrop, NeighborLists, Pairs, SparseFeatures
from gnnlab.ops.graphs.bipartite import Bipartite
from gnnlab.ops.graphs.masked import Masked

Call = tuple[Callable[..., Any], dict[str, Any]]


def of_nodes(m: Maker) -> dict[str, Callable[[], Call]]:
    n, e, f, k = m.nodes, m.edges, m.width, m.heads
    reduce = m.rng.choice(["sum", "mean", "max", "min"])
    flat = m.rng.random() < 0.5
    x = m.floats(n, f) if flat else m.floats(n, k, f)
    weight = m.rng.choice([None, m.floats(e), m.floats(e) if flat else m.floats(e, k)])
    return {
        "propagate": lambda: (
            ops.propagate,
            {"x": x, "adj": m.adj(), "weight": weight, "reduce": reduce},
        ),
        "gcn_propagate": lambda: (
            ops.gcn_propagate,
            {"x": x, "adj": m.adj(), "weight": m.rng.choice([None, m.floats(e).abs()])},
        ),
        "gcn_steps": lambda: (
            ops.gcn_steps,
            {"x": x, "adj": m.adj(), "steps": m.rng.randint(0, 3)},
        ),
        "gcn_sum": lambda: (
            ops.gcn_sum,
            {"xs": [m.floats(n, f)] * 2, "adjs": [m.adj(), m.adj()], "maps": m.floats(2, f, k * 8)},
        ),
        "attend": lambda: (
            ops.attend,
            {
                "value": m.floats(n, k, f),
                "adj": m.adj(),
                "source": m.floats(n, k),
                "target": m.floats(n, k),
                "slope": 0.2,
                "weight": m.rng.choice([None, m.floats(e), m.floats(e, k)]),
            },
        ),
        "attend product": lambda: (
            ops.attend,
            {
                "value": m.floats(n, k, f),
                "adj": m.adj(),
                "query": m.floats(n, k, 3),
                "key": m.floats(n, k, 3),
                "scale": m.rng.choice([None, 0.5]),
            },
        ),
        "edge_softmax": lambda: (
            ops.edge_softmax,
            {"score": m.floats(e, k), "adj": Adjacency(m.edge_index, n)},
        ),
        "edge_dot": lambda: (
            ops.edge_dot,
            {"query": m.floats(n, k, f), "key": m.floats(n, k, f), "adj": m.adj()},
        ),
        "edge_outer": lambda: (
            ops.edge_outer,
            {"left": m.floats(n, 2, f), "right": m.floats(n, 3, f), "adj": m.adj()},
        ),
        "block_propagate": lambda: (
            ops.block_propagate,
            {"x": m.floats(n, 2, f), "adj": m.adj(), "maps": m.floats(e, 3, 2)},
        ),
        "relu_propagate": lambda: (
            ops.relu_propagate,
            {
                "x": m.floats(n, f),
                "adj": m.adj(),
                "table": m.floats(4, f),
                "edges": m.rng.choice([m.ids(4, e), m.floats(e, 4)]),
                "weight": m.rng.choice([None, m.floats(e)]),
            },
        ),
        "gather": lambda: (
            ops.gather,
            {
                "x": m.floats(n, f),
                "adj": m.adj(),
                "end": m.rng.choice(["source", "target"]),
                "sparse_grad": m.rng.random() < 0.3,
            },
        ),
        "edge_reduce": lambda: (
            ops.edge_reduce,
            {
                "values": m.floats(e, f),
                "adj": Adjacency(m.edge_index, n),
                "reduce": reduce,
                "end": "source",
            },
        ),
        "edge_sum": lambda: (
            ops.edge_sum,
            {"values": m.floats(e), "adj": Adjacency(m.edge_index, n), "end": "target"},
        ),
        "segment_reduce": lambda: (
            ops.segment_reduce,
            {"values": m.floats(n, f), "index": m.ids(3, n), "num_segments": 3, "reduce": reduce},
        ),
        "degree": lambda: (
            ops.degree,
            {"adj": m.adj(), "end": "target", "weight": m.rng.choice([None, m.floats(e)])},
        ),
        "gcn_norm": lambda: (
            ops.gcn_norm,
            {"adj": m.adj(), "weight": m.rng.choice([None, m.floats(e).abs()])},
        ),
    }


def of_others(m: Maker) -> dict[str, Callable[[], Call]]:
    n, e, f = m.nodes, m.edges, m.width
    return {
        "dropout": lambda: (
            ops.dropout,
            {"x": m.rng.choice([m.floats(n, f), m.sparse()]), "p": 0.3, "training": True},
        ),
        "linear": lambda: (
            ops.linear,
            {
                "x": m.sparse(),
                "weight": torch.randn(4, f, requires_grad=True),
                "bias": m.rng.choice([None, torch.randn(4)]),
            },
        ),
        "lstm_step": lambda: (
            ops.lstm_step,
            {"terms": [m.floats(n, 8), m.floats(n, 8)], "c": m.rng.choice([None, m.floats(n, 2)])},
        ),
        "orthogonal_transport": lambda: (
            ops.orthogonal_transport,
            {"own": m.floats(e, 3), "other": m.floats(e, 3), "dim": 3},
        ),
        "common_neighbors": lambda: (
            ops.common_neighbors,
            {
                "adj": m.edge_index,
                "pairs": m.pairs(),
                "limit": m.rng.choice([None, 2]),
                "seed": 3,
                "drop": m.rng.choice([None, EdgeDrop(0.5, 1)]),
            },
        ),
        "count_common_neighbors": lambda: (
            ops.count_common_neighbors,
            {"adj": m.edge_index, "pairs": m.pairs()},
        ),
        "residual_neighbors": lambda: _residual(m),
        "neighbor_sum": lambda: _summed(m),
        "relations": lambda: (
            ops.relations,
            {"adj": m.adj(), "edge_type": m.ids(3, e), "num_relations": m.rng.choice([None, 3])},
        ),
        "pair_aggregate": lambda: _aggregated(m),
        "pair_reduce": lambda: (
            ops.pair_reduce,
            {
                "x": m.floats(n * n, f),
                "pairs": _all_pairs(m),
                "place": m.rng.choice(["u", "v", "diagonal"]),
            },
        ),
        "pair_spread": lambda: (
            ops.pair_spread,
            {
                "x": m.floats(n, f),
                "pairs": _all_pairs(m),
                "place": m.rng.choice(["u", "v", "diagonal"]),
            },
        ),
        "Adjacency": lambda: (Adjacency, {"edge_index": m.edge_index, "num_nodes": n}),
        "Adjacency.of": lambda: (
            Adjacency.of,
            {"adj": m.edge_index, "num_nodes": m.rng.choice([None, n])},
        ),
        "without": lambda: (Adjacency(m.edge_index, n).without, {"pairs": m.ids(n, 2, 3)}),
        "Masked": lambda: (
            Masked,
            {"base": Adjacency(m.edge_index, n), "gone": torch.arange(0, e, 2)},
        ),
        "Bipartite": lambda: (
            Bipartite,
            {"rowptr": torch.tensor([0, 1, 3]), "col": m.ids(n, 3), "num_sources": n},
        ),
        "NeighborLists": lambda: (
            NeighborLists,
            {
                "rowptr": torch.tensor([0, 1, 3]),
                "node": m.ids(n, 3),
                "num_nodes": n,
                "weight": None,
            },
        ),
        "Pairs": lambda: (
            Pairs,
            {"adj": Adjacency(m.edge_index[:, :0], n), "bounds": [0, n // 2, n], "num_nodes": None},
        ),
        "SparseFeatures": lambda: (
            SparseFeatures,
            {
                "rowptr": torch.tensor([0, 1, 3]),
                "col": m.ids(f, 3),
                "values": torch.ones(3),
                "num_columns": f,
                "drop": None,
            },
        ),
        "EdgeDrop": lambda: (EdgeDrop, {"p": 0.5, "seed": 3}),
        "use": lambda: (_used, {"backend": m.rng.choice(["torch", "numba", "auto"])}),
    }


def _used(backend: str) -> None:
    with ops.use(backend):
        pass


def _all_pairs(m: Maker) -> Pairs:
    return Pairs(m.edge_index, num_nodes=m.nodes)


def _residual(m: Maker) -> Call:
    pairs = m.pairs()
    common = m.rng.choice([None, ops.common_neighbors(m.edge_index, pairs)])
    given = {"adj": m.edge_index, "pairs": pairs, "limit": None, "seed": 0, "common": common}
    return ops.residual_neighbors, given


def _summed(m: Maker) -> Call:
    lists = m.lists()
    return ops.neighbor_sum, {
        "x": m.floats(lists.num_nodes, m.width),
        "lists": lists,
        "weight": m.rng.choice([None, m.floats(lists.node.shape[0])]),
    }


def _aggregated(m: Maker) -> Call:
    rows = m.nodes**2
    return ops.pair_aggregate, {
        "x": m.floats(rows, m.width),
        "pairs": _all_pairs(m),
        "symbols": ("uL", "vL", "vG", "vu"),
        "shifts": m.rng.choice([None, {"uL": m.floats(m.edges, m.width)}]),
        "scale": m.rng.choice([None, m.floats(4)]),
        "inside": m.rng.choice([None, torch.rand(rows) < 0.7]),
    }
