"""Everything inside torch.compile, without a break in the graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from ops_oracles import graph, normal
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import layers, ops
from gnnlab.ops import Adjacency
from gnnlab.ops.operators import (
    attend as attention,
)
from gnnlab.ops.operators import (
    block,
)
from gnnlab.ops.operators import (
    extreme as picked,
)
from gnnlab.ops.operators import (
    pair_sums as pairs,
)
from gnnlab.ops.operators import (
    propagate as linear,
)
from gnnlab.ops.operators import (
    sparse_product as sparse,
)

Case = tuple[Callable[..., Tensor], list[Tensor]]
NODES, EDGES = 9, 31  # of the graph "plain"


def cases() -> dict[str, Callable[[Tensor], Case]]:
    """Operations of tensors, with the graph as edge_index."""
    x, heads = normal(NODES, 6), normal(NODES, 2, 3)
    w, w2 = normal(EDGES, seed=1), normal(EDGES, 2, seed=2)
    score = normal(NODES, 2, seed=3), normal(NODES, 2, seed=4)
    ends = normal(NODES, 2, 4, seed=5), normal(NODES, 2, 4, seed=6)
    maps = normal(EDGES, 2, 2, seed=7)
    found: dict[str, Callable[[Tensor], Case]] = {}
    for reduce in ("sum", "mean", "max", "min"):
        found[f"propagate {reduce}"] = lambda e, r=reduce: (
            lambda x: ops.propagate(x, e, reduce=r), [x])  # fmt: skip
        found[f"propagate {reduce} weights"] = lambda e, r=reduce: (
            lambda x, w: ops.propagate(x, e, w, reduce=r), [x, w])  # fmt: skip
        found[f"propagate {reduce} heads"] = lambda e, r=reduce: (
            lambda x, w: ops.propagate(x, e, w, reduce=r), [heads, w2])  # fmt: skip
        found[f"segment {reduce}"] = lambda e, r=reduce: (
            lambda v, i=e[1]: ops.segment_reduce(v, i, NODES + 1, r), [w2])  # fmt: skip
    found["gcn"] = lambda e: (lambda x: ops.gcn_propagate(x, e), [x])
    found["gcn weights"] = lambda e: (lambda x, w: ops.gcn_propagate(x, e, w), [x, w.abs()])
    found["softmax"] = lambda e: (lambda w: ops.edge_softmax(w, sized(e)), [w2])
    found["dot"] = lambda e: (lambda q, k: ops.edge_dot(q, k, e), list(ends))
    found["gather"] = lambda e: (lambda x: ops.gather(x, e, "source"), [x])
    found["edge sum"] = lambda e: (lambda v: ops.edge_sum(v, sized(e), "source"), [w2])
    found["degree"] = lambda e: (lambda w: ops.degree(sized(e), weight=w), [w])
    found["gcn_norm"] = lambda e: (lambda w: ops.gcn_norm(sized(e), w), [w.abs()])
    found["block"] = lambda e: (lambda x, m: ops.block_propagate(x, e, m), [heads, maps])
    found["outer"] = lambda e: (lambda a, b: ops.edge_outer(a, b, e), [heads, heads + 1])
    for form, edges in (("kinds", torch.arange(EDGES) % 2), ("numbers", w2)):
        found[f"relu {form}"] = lambda e, own=edges: (
            lambda x, t, w: ops.relu_propagate(x, e, t, own, w),
            [x, normal(2, 6, seed=8), w],
        )
    found["pairs"] = lambda e: (
        lambda x, s, c: torch.cat(
            ops.pair_aggregate(
                x,
                ops.Pairs.of(sized(e)),
                ("uL", "vL", "vG", "vu"),
                shifts={"uL": s, "vL": 2 * s},
                scale=c,
            )
        ),
        [normal(NODES**2, 6), normal(EDGES, 6, seed=8), normal(4)],
    )
    found["pairs as they are"] = lambda e: (
        lambda x: torch.cat(ops.pair_aggregate(x, ops.Pairs.of(sized(e)), ("uL", "uu"))),
        [normal(NODES**2, 6)],
    )
    for place in ("u", "v", "diagonal"):
        found[f"pair reduce {place}"] = lambda e, p=place: (
            lambda x: ops.pair_reduce(x, ops.Pairs.of(sized(e)), p),
            [normal(NODES**2, 6)],
        )
        found[f"pair spread {place}"] = lambda e, p=place: (
            lambda x: ops.pair_spread(x, ops.Pairs.of(sized(e)), p), [x])  # fmt: skip
    found["transport"] = lambda e: (
        lambda a, b: ops.orthogonal_transport(a, b, 3),
        [normal(4, 3), normal(4, 3, seed=8)],
    )
    found["attend additive"] = lambda e: (
        lambda v, a, b, w: ops.attend(v, e, source=a, target=b, weight=w),
        [heads, *score, w2],
    )
    found["attend product"] = lambda e: (
        lambda v, q, k, w: ops.attend(v, e, query=q, key=k, weight=w),
        [heads, *ends, w],
    )
    found["attend bare"] = lambda e: (
        lambda v, q, k: ops.attend(v, e, query=q, key=k),
        [heads, *ends],
    )
    return found


def sized(edge_index: Tensor) -> Adjacency | Tensor:
    """Operations on edges alone cannot tell the number of nodes from another tensor."""
    return Adjacency.of(edge_index, NODES)


def gradients(function: Callable[..., Tensor], inputs: list[Tensor]) -> list[Tensor]:
    fresh = [tensor.detach().clone().requires_grad_() for tensor in inputs]
    y = function(*fresh)
    found = torch.autograd.grad(y, fresh, normal(*y.shape, seed=9).to(y.dtype))
    return [y.detach(), *found]


@pytest.mark.parametrize(
    "name",
    [
        name if place % 3 == 0 else pytest.param(name, marks=pytest.mark.slow)
        for place, name in enumerate(sorted(cases()))
    ],
)
def test_an_operation_is_the_same_compiled(backend: str, name: str) -> None:
    edge_index, _ = graph("plain")
    function, inputs = cases()[name](edge_index)
    torch._dynamo.reset()
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    for ours, expected in zip(
        gradients(compiled, inputs), gradients(function, inputs), strict=True
    ):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize(
    ("name", "reduce"),
    [("empty", "sum"), ("no_nodes", "mean"), ("duplicates", "max"), ("loops", "sum")]
    + [
        pytest.param(name, reduce, marks=pytest.mark.slow)
        for name in ("empty", "no_nodes", "isolated", "duplicates", "loops", "hub")
        for reduce in ("sum", "mean", "max")
    ],
)
def test_awkward_graphs(backend: str, name: str, reduce: str) -> None:
    edge_index, nodes = graph(name)
    inputs = [normal(nodes, 4), normal(edge_index.shape[1], seed=1)]

    def function(x: Tensor, w: Tensor) -> Tensor:
        return ops.propagate(x, Adjacency.of(edge_index, nodes).with_self_loops(), w, reduce)

    def padded(x: Tensor, w: Tensor) -> Tensor:
        adj = Adjacency.of(edge_index, nodes).with_self_loops()
        ones = w.new_ones(adj.num_edges - w.shape[0])
        return ops.propagate(x, adj, torch.cat([w, ones]), reduce)

    torch._dynamo.reset()
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    for ours, expected in zip(gradients(compiled, inputs), gradients(padded, inputs), strict=True):
        torch.testing.assert_close(ours, expected)


def settings(name: str) -> dict[str, Any]:
    """What the encoder is told, as far as it has it; compiled dropout draws other numbers."""
    known = inspect.signature(layers.find(name)).parameters
    return {key: value for key, value in SETTINGS.items() if key in known}


SETTINGS = {"num_nodes": NODES, "dropout": 0.0}
QUICK = ("GATSep", "GCN", "PNA", "RGCN", "SheafDiffusion", "SubgraphGNN")
"""Encoders of every family of operations, which ``make test`` compiles; ``make slow`` all."""


@pytest.mark.parametrize("weights", [pytest.param(False, marks=pytest.mark.nightly), True])
@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted(layers.encoders())
    ],
)
def test_every_encoder_compiles_whole(name: str, weights: bool) -> None:
    edge_index, nodes = graph("plain")
    edge_index = edge_index[:, edge_index[0] != edge_index[1]]
    data = Data(x=normal(nodes, 3).float(), edge_index=edge_index)
    if weights:
        data.edge_weight = torch.linspace(0.1, 1, edge_index.shape[1])
    encoder = layers.find(name)(3, 8, 2, **settings(name))
    data = encoder.transform(data)
    torch.manual_seed(0)  # for those that draw their states
    expected = encoder(data)
    expected.square().sum().backward()
    grads = [p.grad.clone() for p in encoder.parameters() if p.grad is not None]
    encoder.zero_grad()
    torch._dynamo.reset()
    torch.manual_seed(0)
    y = torch.compile(encoder, backend="aot_eager", fullgraph=True)(data)
    y.square().sum().backward()
    torch.testing.assert_close(y, expected)
    found = [p.grad for p in encoder.parameters() if p.grad is not None]
    for ours, theirs in zip(found, grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", sorted(layers.convs()))
def test_every_conv_compiles_whole(name: str) -> None:
    edge_index, nodes = graph("plain")
    x, conv = normal(nodes, 4).float(), getattr(layers, name)(4, 8)
    torch._dynamo.reset()
    compiled = torch.compile(conv, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x, edge_index), conv(x, edge_index))
    adj = Adjacency(edge_index, nodes)
    torch.testing.assert_close(compiled(x, adj), conv(x, edge_index))


def test_inductor_compiles_a_training_step() -> None:
    edge_index, nodes = graph("wide")
    data = Data(x=normal(nodes, 3).float(), edge_index=edge_index)
    encoder = layers.GATSep(3, 16, 2, heads=2, dropout=0.0)
    expected = encoder(data)
    torch._dynamo.reset()
    y = torch.compile(encoder, fullgraph=True)(data)
    y.sum().backward()
    torch.testing.assert_close(y, expected)
    assert all(p.grad is not None for p in encoder.parameters())


def test_a_graph_is_sorted_once_for_all_compiled_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    edge_index, nodes = graph("plain")
    built = []
    setup = Adjacency._setup
    monkeypatch.setattr(Adjacency, "_setup", lambda self, *a: (built.append(1), setup(self, *a))[1])
    torch._dynamo.reset()
    compiled = torch.compile(lambda x, e: ops.propagate(x, e), backend="aot_eager", fullgraph=True)
    x = normal(nodes, 4)
    for _ in range(3):
        compiled(x, edge_index)
    assert sum(built) == 1


def test_another_graph_of_the_same_size_is_another_result() -> None:
    edge_index, nodes = graph("plain")
    torch._dynamo.reset()
    compiled = torch.compile(lambda x, e: ops.propagate(x, e), backend="aot_eager", fullgraph=True)
    x = normal(nodes, 4)
    for edges in (edge_index, edge_index.flip(0)):
        torch.testing.assert_close(compiled(x, edges), ops.propagate(x, edges))


def operators() -> dict[str, tuple[Any, tuple[Any, ...]]]:
    edge_index, _ = graph("plain")
    x, heads = normal(NODES, 6).requires_grad_(), normal(NODES, 2, 3).requires_grad_()
    w = normal(EDGES, seed=1).requires_grad_()
    g = (edge_index, NODES)
    ends = normal(NODES, 2, seed=2).requires_grad_(), normal(NODES, 2, seed=3).requires_grad_()
    maps = normal(EDGES, 2, 2, seed=4).requires_grad_()
    rowptr, _, col, values, _ = ops.SparseFeatures.of(
        normal(NODES, NODES).to_sparse_csr()
    )._entries()
    features = rowptr, col, values
    rows = normal(NODES**2, 3).requires_grad_()
    shifts, scale = normal(1, EDGES, 3).requires_grad_(), normal(2).requires_grad_()
    inside = normal(NODES**2) > 0
    return {
        "pair_aggregate": (pairs.aggregate, (rows, shifts, scale, inside, *g, None, "uL vv", "uL")),
        "pair_reduce": (pairs.reduce, (rows, *g, None, "v")),
        "pair_spread": (pairs.spread, (x, *g, None, NODES**2, "u")),
        "propagate": (linear.total, (x, w, *g, 2, False)),
        "edge_dot": (linear.dot, (heads, heads, *g, 0, True)),
        "gcn_propagate": (linear.scaled, (x, normal(NODES).abs(), *g, 3, True)),
        "extreme": (picked.extreme, (x, w, *g, 2, False, "max")),
        "edge_softmax": (linear.softmax, (w, *g, False)),
        "gather": (linear.gather, (x, *g, True)),
        "edge_sum": (linear.edge_sum, (w, *g, False)),
        "degree": (linear.count, (*g, 2, False)),
        "attend": (attention.attend, (heads, *ends, w, *g, 2, False, "additive", 0.2)),
        "block_propagate": (block.block, (heads, maps, *g, False, True)),
        "edge_outer": (block.outer, (heads, heads, *g, False)),
        "sparse_product": (sparse.product, (x, *features, NODES, False)),
        "sparse_product turned": (sparse.product, (x, *features, NODES, True)),
        "segment_sum": (picked.segment_sum, (w, edge_index[1], NODES)),
        "segment_extreme": (picked.segment_extreme, (w, edge_index[1], NODES, "min")),
    }


@pytest.mark.parametrize("name", sorted(operators()))
def test_operators_pass_torchs_check(name: str) -> None:
    operator, arguments = operators()[name]
    torch.library.opcheck(operator, arguments)


def test_what_tracing_cannot_know_is_said() -> None:
    edge_index, nodes = graph("plain")

    def looped(w: Tensor) -> Tensor:
        return ops.edge_softmax(w, Adjacency.of(edge_index, nodes).with_self_loops())

    torch._dynamo.reset()
    with pytest.raises(Exception, match="edge_softmax has one row per edge"):
        torch.compile(looped, backend="eager", fullgraph=True)(normal(EDGES))
    with pytest.raises(Exception, match="build Adjacency"):
        torch.compile(lambda w: ops.edge_softmax(w, edge_index), backend="eager", fullgraph=True)(
            normal(EDGES)
        )
