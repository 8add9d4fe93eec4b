"""attend, beside the formula written over all pairs of nodes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from covering import pairwise
from ops_oracles import GRAPHS, graph, normal
from torch import Tensor

from gnnlab import ops
from gnnlab.ops import Adjacency, attend

KINDS = ("additive", "product")
Ends = dict[str, Tensor]


def ends(kind: str, nodes: int, heads: int, width: int = 5) -> Ends:
    shape = (heads,) if kind == "additive" else (heads, width)
    names = ("source", "target") if kind == "additive" else ("query", "key")
    return {name: normal(nodes, *shape, seed=seed) for seed, name in enumerate(names, 1)}


def scores(given: Ends, edge_index: Tensor) -> Tensor:
    source, target = edge_index
    if "source" in given:
        return torch.nn.functional.leaky_relu(
            given["source"][source] + given["target"][target], 0.2
        )
    width = given["query"].shape[-1]
    return (given["query"][target] * given["key"][source]).sum(-1) / width**0.5


def dense(value: Tensor, edge_index: Tensor, given: Ends, weight: Tensor | None = None) -> Tensor:
    """Node by node: softmax over the edges that end there."""
    score = scores(given, edge_index)
    rows = []
    for i in range(value.shape[0]):
        mine = (edge_index[1] == i).nonzero().flatten()
        alpha = score[mine].softmax(0)
        if weight is not None:
            alpha = alpha * (weight[mine] if weight.dim() == 2 else weight[mine, None])
        rows.append((alpha.unsqueeze(-1) * value[edge_index[0, mine]]).sum(0))
    return torch.stack(rows) if rows else value


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (8, 8), (2, 67), (4, 20), (2, 128)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GRAPHS)
def test_formula(backend: str, name: str, kind: str, shape: tuple[int, int]) -> None:
    edge_index, nodes = graph(name)
    value, given = normal(nodes, *shape), ends(kind, nodes, shape[0])
    expected = dense(value, edge_index, given)
    torch.testing.assert_close(attend(value, edge_index, **given), expected)
    single = {name: end.float() for name, end in given.items()}
    got = attend(value.float(), edge_index, **single)
    torch.testing.assert_close(got.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("heads", [(), (3,)])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_act_after_the_softmax(backend: str, kind: str, heads: tuple[int, ...]) -> None:
    edge_index, nodes = graph("duplicates")
    value, given = normal(nodes, 3, 4), ends(kind, nodes, 3)
    weight = normal(edge_index.shape[1], *heads, seed=5)
    expected = dense(value, edge_index, given, weight)
    torch.testing.assert_close(attend(value, edge_index, **given, weight=weight), expected)


@pairwise(
    name=["plain", "isolated", "duplicates", "loops", "empty", "no_nodes"],
    kind=KINDS,
    weights=[None, (), (2,)],
)
def test_gradients(backend: str, name: str, kind: str, weights: tuple[int, ...] | None) -> None:
    edge_index, nodes = graph(name)
    value, given = normal(nodes, 2, 3), ends(kind, nodes, 2)
    inputs = [value, *given.values()]
    if weights is not None:
        inputs.append(normal(edge_index.shape[1], *weights, seed=6))
    for tensor in inputs:
        tensor.requires_grad_()
    adj = Adjacency(edge_index, nodes)

    def run(value: Tensor, one: Tensor, other: Tensor, weight: Tensor | None = None) -> Tensor:
        pair = dict(zip(given, (one, other), strict=True))
        return attend(value, adj, **pair, weight=weight)

    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@pytest.mark.parametrize("shape", [(8, 64), (4, 24), (1, 7)])
@pytest.mark.parametrize("kind", KINDS)
def test_wide_gradients_equal_the_reference(kind: str, shape: tuple[int, int]) -> None:
    edge_index, nodes = graph("wide")

    def gradients(backend: str) -> list[Tensor]:
        value, given = normal(nodes, *shape), ends(kind, nodes, shape[0], width=shape[1])
        weight = normal(edge_index.shape[1], shape[0], seed=7)
        inputs = [value, *given.values(), weight]
        for tensor in inputs:
            tensor.requires_grad_()
        with ops.use(backend):
            y = attend(value, edge_index, **given, weight=weight)
            y.backward(normal(*y.shape, seed=8))
        return [tensor.grad for tensor in inputs if tensor.grad is not None]

    for ours, expected in zip(gradients("numba"), gradients("torch"), strict=True):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_wanted_has_a_gradient(backend: str, kind: str) -> None:
    edge_index, nodes = graph("plain")
    value, given = normal(nodes, 2, 3).requires_grad_(), ends(kind, nodes, 2)
    attend(value, edge_index, **given).sum().backward()
    assert value.grad is not None
    assert all(end.grad is None for end in given.values())


@pytest.mark.parametrize("kind", KINDS)
def test_scale_slope_and_large_scores(backend: str, kind: str) -> None:
    edge_index, nodes = graph("plain")
    value, given = normal(nodes, 2, 3), ends(kind, nodes, 2)
    given = {name: 300 * end for name, end in given.items()}
    expected = dense(value, edge_index, given)
    torch.testing.assert_close(attend(value, edge_index, **given), expected)
    factor: dict[str, float] = {"slope": 1.0} if kind == "additive" else {"scale": 0.0}
    changed = attend(value, edge_index, **given, **factor)
    assert not torch.allclose(changed, expected)
    if kind == "product":  # scores of 0: the plain mean
        torch.testing.assert_close(changed, ops.propagate(value, edge_index, reduce="mean"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_added_up_in_single(backend: str, kind: str, dtype: torch.dtype) -> None:
    edge_index, nodes = graph("hub")
    value, given = normal(nodes, 2, 8), ends(kind, nodes, 2)
    half = {name: end.to(dtype) for name, end in given.items()}
    got = attend(value.to(dtype), edge_index, **half)
    wide = {name: end.double() for name, end in half.items()}
    expected = dense(value.to(dtype).double(), edge_index, wide)
    assert got.dtype == dtype
    torch.testing.assert_close(got.double(), expected, rtol=8e-3, atol=8e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_makes_no_tensor_of_features_per_edge(kind: str) -> None:
    nodes, edges, heads, width = 200, 20_000, 4, 64
    generator = torch.Generator().manual_seed(0)
    adj = Adjacency(torch.randint(nodes, (2, edges), generator=generator), nodes)
    inputs = [normal(nodes, heads, width).float(), *ends(kind, nodes, heads, width).values()]
    names = list(ends(kind, 1, 1))
    tensors = [tensor.float().requires_grad_() for tensor in inputs]

    def step() -> None:
        pair = dict(zip(names, tensors[1:], strict=True))
        attend(tensors[0], adj, **pair).sum().backward()

    step()  # the graph is sorted and the kernels compiled
    with torch.profiler.profile(profile_memory=True) as profile:
        step()
    largest = max(event.cpu_memory_usage for event in profile.events())
    assert largest < edges * heads * width  # bytes: a quarter of such a tensor


def refused(match: str) -> Callable[..., None]:
    def call(value: Tensor, **given: Tensor) -> None:
        with pytest.raises(ValueError, match=match):
            attend(value, graph("plain")[0], **given)

    return call


def test_refusals() -> None:
    value, score = torch.zeros(9, 2, 3), torch.zeros(9, 2)
    refused("one kind of scores, whole")(value)
    refused("one kind of scores, whole")(value, source=score)
    refused("one kind of scores, whole")(value, source=score, target=score, query=value, key=value)
    refused(r"source \(9, 3\) does not fit value")(value, source=torch.zeros(9, 3), target=score)
    refused(r"query \(9, 2, 3\) and key \(9, 2, 4\)")(value, query=value, key=torch.zeros(9, 2, 4))
    refused("weight has 4 rows")(value, source=score, target=score, weight=torch.zeros(4))
    refused(r"so value must be \(N, 3, F\)")(
        value, source=score, target=score, weight=torch.zeros(31, 3)
    )
    refused("value must have shape")(score, source=score, target=score)
