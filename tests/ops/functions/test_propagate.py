from __future__ import annotations

import pytest
import torch
import torch.autograd.forward_ad as forward_ad
from ops_oracles import GRAPHS, dense_propagate, graph, normal

from gnnlab.ops import Adjacency, propagate, use

REDUCES = ("sum", "mean", "max", "min")
SHAPES = {  # x beyond its nodes, weight beyond its edges (None: no weight)
    "plain": ((3,), None),
    "weight": ((3,), ()),
    "wide": ((37,), ()),
    "tiles": ((96,), None),
    "heads": ((2, 5), None),
    "heads, weight": ((2, 5), ()),
    "heads of one": ((30, 1), ()),
    "heads of one, weights": ((101, 1), (101,)),
    "weights by head": ((3, 5), (3,)),
    "weights by head, 4": ((2, 4), (2,)),
    "weights by head, 8": ((5, 8), (5,)),
    "weights by head, 16": ((3, 16), (3,)),
    "one feature": ((1,), ()),
    "no features": ((0,), ()),
}


@pytest.mark.parametrize("reduce", REDUCES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", GRAPHS)
def test_equals_the_dense_formula(backend: str, name: str, shape: str, reduce: str) -> None:
    edge_index, nodes = graph(name)
    features, heads = SHAPES[shape]
    x = normal(nodes, *features)
    weight = None if heads is None else normal(edge_index.shape[1], *heads, seed=1)
    expected = dense_propagate(x, edge_index, weight, reduce)
    torch.testing.assert_close(propagate(x, edge_index, weight, reduce), expected)
    single = propagate(x.float(), edge_index, None if weight is None else weight.float(), reduce)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("reduce", REDUCES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["plain", "empty", "isolated", "loops", "duplicates", "hub"])
def test_gradients_equal_the_dense_ones(name: str, shape: str, reduce: str, backend: str) -> None:
    edge_index, nodes = graph(name)
    features, heads = SHAPES[shape]
    x = normal(nodes, *features).requires_grad_()
    inputs = [x]
    weight = None
    if heads is not None:
        weight = normal(edge_index.shape[1], *heads, seed=1).requires_grad_()
        inputs.append(weight)
    grad = normal(nodes, *features, seed=2)
    ours = torch.autograd.grad(propagate(x, edge_index, weight, reduce), inputs, grad)
    expected = torch.autograd.grad(
        dense_propagate(x, edge_index, weight, reduce), inputs, grad, materialize_grads=True
    )
    if name == "duplicates" and reduce in ("max", "min"):
        return  # equal messages share the gradient there; the first edge has it here (see below)
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("reduce", REDUCES)
@pytest.mark.parametrize("name", ["plain", "empty", "isolated", "loops"])
def test_gradcheck_once_and_twice(backend: str, name: str, reduce: str) -> None:
    edge_index, nodes = graph(name)
    x = normal(nodes, 2, 3).requires_grad_()
    weight = normal(edge_index.shape[1], 2, seed=1).requires_grad_()

    def function(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return propagate(x, edge_index, weight, reduce)

    assert torch.autograd.gradcheck(function, (x, weight))
    assert torch.autograd.gradgradcheck(function, (x, weight))


@pytest.mark.parametrize("reduce", ["max", "min"])
def test_the_first_of_equal_messages_has_the_gradient(backend: str, reduce: str) -> None:
    edge_index = torch.tensor([[2, 1, 0], [0, 0, 0]])
    x = torch.ones(3, 2, requires_grad=True)
    (grad,) = torch.autograd.grad(propagate(x, edge_index, reduce=reduce).sum(), x)
    assert grad.tolist() == [[0, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize("reduce", REDUCES)
def test_nan_and_infinity_come_through(backend: str, reduce: str) -> None:
    edge_index = torch.tensor([[0, 1, 2, 0, 3], [0, 0, 0, 1, 2]])
    x = torch.tensor([[1.0], [torch.nan], [2.0], [-torch.inf]]).expand(4, 33)
    y = propagate(x, edge_index, reduce=reduce)
    assert y[0].isnan().all()
    assert (y[1] == 1).all()
    assert (y[2] == -torch.inf).all()
    assert (y[3] == 0).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("reduce", REDUCES)
def test_half_precision_adds_up_in_float32(backend: str, reduce: str, dtype: torch.dtype) -> None:
    edge_index, nodes = graph("hub")
    x = normal(nodes, 5).to(dtype).requires_grad_()
    weight = normal(edge_index.shape[1], seed=1).to(dtype).requires_grad_()
    y = propagate(x, edge_index, weight, reduce)
    expected = dense_propagate(x.double(), edge_index, weight.double(), reduce)
    assert y.dtype == dtype
    # One rounding to the result's precision, whatever the length of the sum.
    assert torch.allclose(y.double(), expected, rtol=torch.finfo(dtype).eps, atol=1e-4)
    grads = torch.autograd.grad(y.sum(), (x, weight))
    assert [g.dtype for g in grads] == [dtype, dtype]


def test_many_equal_bfloat16_numbers_do_not_stall(backend: str) -> None:
    edge_index = torch.stack([torch.arange(1000), torch.zeros(1000, dtype=torch.long)])
    y = propagate(torch.ones(1000, 1, dtype=torch.bfloat16), edge_index)
    assert y[0].item() == 1000  # summed in bfloat16 it would stop at 256


def test_weights_keep_the_callers_order_of_edges(backend: str) -> None:
    edge_index = torch.tensor([[0, 1, 2], [2, 0, 2]])
    y = propagate(torch.ones(3, 1), edge_index, torch.tensor([1.0, 10.0, 100.0]))
    assert y.flatten().tolist() == [10, 0, 101]


def test_inputs_may_be_strided_and_expanded(backend: str) -> None:
    edge_index, nodes = graph("plain")
    x = normal(8, nodes).T.requires_grad_()
    weight = normal(2 * edge_index.shape[1])[::2]
    y = propagate(x, edge_index, weight)
    torch.testing.assert_close(y, dense_propagate(x, edge_index, weight))
    (ours,) = torch.autograd.grad(y.sum(), x)  # the gradient of a sum is an expanded 1
    (expected,) = torch.autograd.grad(dense_propagate(x, edge_index, weight).sum(), x)
    torch.testing.assert_close(ours, expected)


def test_leaves_its_inputs_alone(backend: str) -> None:
    edge_index, nodes = graph("plain")
    x, weight = normal(nodes, 4), normal(edge_index.shape[1])
    copies = edge_index.clone(), x.clone(), weight.clone()
    for reduce in REDUCES:
        propagate(x, edge_index, weight, reduce)
    assert all(torch.equal(*pair) for pair in zip(copies, (edge_index, x, weight), strict=True))


def test_the_weight_takes_the_dtype_of_x(backend: str) -> None:
    edge_index, nodes = graph("plain")
    weight = normal(edge_index.shape[1]).requires_grad_()
    y = propagate(normal(nodes, 4).float(), edge_index, weight)
    assert y.dtype == torch.float32
    assert torch.autograd.grad(y.sum(), weight)[0].dtype == torch.float64


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_graph_first_seen_in_evaluation_serves_training(backend: str, mode: type) -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency(edge_index, nodes)
    x = normal(nodes, 4).requires_grad_()
    with mode():
        first = propagate(x, adj)
    second = propagate(x, adj)
    second.sum().backward()
    assert torch.equal(first, second.detach())


def test_compiles_with_the_reference() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency(edge_index, nodes)
    x = normal(nodes, 4)
    y = torch.compile(lambda x: propagate(x, adj) + 1, backend="eager", fullgraph=True)(x)
    torch.testing.assert_close(y, dense_propagate(x, edge_index) + 1)


def test_transforms_of_functions_use_the_reference() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency(edge_index, nodes)
    x = normal(nodes, 4)
    grad = torch.func.grad(lambda x: (propagate(x, adj) ** 2).sum())(x)
    variable = x.clone().requires_grad_()
    (propagate(variable, adj) ** 2).sum().backward()
    torch.testing.assert_close(grad, variable.grad)


def test_forward_mode_uses_the_reference() -> None:
    edge_index, nodes = graph("plain")
    adj, x, v = Adjacency(edge_index, nodes), normal(nodes, 4), normal(nodes, 4, seed=1)
    with forward_ad.dual_level():
        y = propagate(forward_ad.make_dual(x, v), adj, reduce="mean")
        tangent = forward_ad.unpack_dual(y).tangent
    torch.testing.assert_close(tangent, propagate(v, adj, reduce="mean"))  # it is linear


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.zeros(9)}, r"x must have shape \(N, F\) or \(N, K, F\), not \(9,\)"),
        ({"x": torch.zeros(9, 2, dtype=torch.long)}, r"use x.float\(\)"),
        ({"x": torch.zeros(8, 2)}, "names node 8 .* 8 nodes"),
        ({"weight": torch.zeros(3)}, "weight has 3 rows but the graph has 31 edges"),
        ({"weight": torch.zeros(31, 2)}, r"x must be \(N, 2, F\), not \(9, 2\)"),
        ({"weight": torch.ones(31, dtype=torch.int)}, "weight must be floating point"),
        ({"reduce": "summ"}, "did you mean 'sum'"),
        ({"reduce": "median"}, "one of sum, mean, max, min"),
        ({"x": torch.zeros(9, 2, device="meta")}, "x is on meta but the graph on cpu"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], message: str) -> None:
    edge_index, nodes = graph("plain")
    edge_index[0, 0] = nodes - 1
    arguments = {"x": torch.zeros(nodes, 2), "adj": edge_index, **change}
    with pytest.raises(ValueError, match=message):
        propagate(**arguments)  # type: ignore[arg-type]


def test_another_number_of_nodes_than_the_adjacency() -> None:
    edge_index, nodes = graph("plain")
    with pytest.raises(ValueError, match="has 9 nodes but 10 were given"):
        propagate(torch.zeros(10, 1), Adjacency(edge_index, nodes))


def test_unknown_backend() -> None:
    with pytest.raises(ValueError, match="did you mean 'numba'"), use("numb"):
        pass


@pytest.mark.parametrize("shape", [(4,), (64,), (100,), (2, 24), (3, 5)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduce", ["sum", "mean", "max"])
@pytest.mark.parametrize("name", ["plain", "isolated", "hub", "empty"])
def test_bfloat16_is_rounded_once(
    backend: str, name: str, reduce: str, weighted: bool, shape: tuple[int, ...]
) -> None:
    """Stored in 16 bits, added up in 32."""
    edge_index, nodes = graph(name)
    x = normal(nodes, *shape).bfloat16().requires_grad_()
    weight = normal(edge_index.shape[1], seed=1) if weighted else None
    y = propagate(x, edge_index, None if weight is None else weight.float(), reduce)
    exact = dense_propagate(x.detach().double(), edge_index, weight, reduce)
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.double(), exact, rtol=2**-8, atol=1e-5)
    if reduce == "max":  # 16 bits make equals, and which of them has the gradient is a choice
        return
    grad = normal(nodes, *shape, seed=2).bfloat16()
    (found,) = torch.autograd.grad(y, x, grad)
    copy = x.detach().double().requires_grad_()
    dense_propagate(copy, edge_index, weight, reduce).backward(grad.double())
    assert copy.grad is not None
    torch.testing.assert_close(found.double(), copy.grad, rtol=2**-6, atol=2**-6)


def test_bfloat16_keeps_nan_and_infinity(backend: str) -> None:
    x = torch.tensor([[torch.nan, torch.inf, -torch.inf, 3.0e38]], dtype=torch.bfloat16)
    y = propagate(x.repeat(1, 16), torch.tensor([[0], [0]]))
    assert torch.equal(y.isnan(), x.repeat(1, 16).isnan())
    assert torch.equal(y.nan_to_num(0), x.repeat(1, 16).nan_to_num(0))
