"""block_propagate, beside the block matrix written out."""

from __future__ import annotations

import pytest
import torch
from ops_oracles import GRAPHS, graph, normal
from torch import Tensor

from gnnlab import ops
from gnnlab.ops import Adjacency, block_propagate, propagate


def dense(x: Tensor, edge_index: Tensor, maps: Tensor) -> Tensor:
    """One scalar matrix (N P, N D) of all blocks."""
    nodes, depth, _ = x.shape
    matrix = torch.zeros(nodes, maps.shape[1], nodes, depth, dtype=x.dtype)
    for (j, i), block in zip(edge_index.T.tolist(), maps, strict=True):
        matrix[i, :, j] += block
    return torch.einsum("apbd,bdf->apf", matrix, x)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 3), (3, 3, 64), (5, 5, 17), (2, 3, 8)])
@pytest.mark.parametrize("name", GRAPHS)
def test_formula(backend: str, name: str, shape: tuple[int, int, int]) -> None:
    edge_index, nodes = graph(name)
    rows, depth, width = shape
    x, maps = normal(nodes, depth, width), normal(edge_index.shape[1], rows, depth, seed=1)
    expected = dense(x, edge_index, maps)
    torch.testing.assert_close(block_propagate(x, edge_index, maps), expected)
    single = block_propagate(x.float(), edge_index, maps.float())
    torch.testing.assert_close(single.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 3, 2), (3, 1, 2)])
@pytest.mark.parametrize("name", ["plain", "isolated", "duplicates", "loops", "empty"])
def test_gradients(backend: str, name: str, shape: tuple[int, int, int]) -> None:
    edge_index, nodes = graph(name)
    rows, depth, width = shape
    adj = Adjacency(edge_index, nodes)
    x = normal(nodes, depth, width).requires_grad_()
    maps = normal(adj.num_edges, rows, depth, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, m: block_propagate(a, adj, m), (x, maps))
    assert torch.autograd.gradgradcheck(lambda a, m: block_propagate(a, adj, m), (x, maps))


def test_scalar_maps_are_weights(backend: str) -> None:
    edge_index, nodes = graph("wide")
    x, weight = normal(nodes, 4, 6), normal(edge_index.shape[1], seed=1)
    maps = weight[:, None, None] * torch.eye(4, dtype=x.dtype)
    torch.testing.assert_close(
        block_propagate(x, edge_index, maps), propagate(x, edge_index, weight)
    )


def test_an_orthogonal_connection_is_undone_by_its_transpose() -> None:
    """One directed edge there and back: the maps cancel."""
    turn = torch.linalg.qr(normal(3, 3)).Q
    x = torch.stack([normal(3, 5, seed=1), torch.zeros(3, 5, dtype=torch.float64)])
    there = block_propagate(x, torch.tensor([[0], [1]]), turn[None])
    back = block_propagate(there, torch.tensor([[1], [0]]), turn.T[None])
    torch.testing.assert_close(back[0], x[0])


def test_half_precision_is_added_up_in_single(backend: str) -> None:
    edge_index, nodes = graph("hub")
    x, maps = normal(nodes, 2, 8).bfloat16(), normal(edge_index.shape[1], 2, 2).bfloat16()
    got = block_propagate(x, edge_index, maps)
    expected = dense(x.double(), edge_index, maps.double())
    assert got.dtype == torch.bfloat16
    torch.testing.assert_close(got.double(), expected, rtol=8e-3, atol=8e-3)


def test_bits_do_not_depend_on_threads() -> None:
    generator = torch.Generator().manual_seed(0)
    edge_index = torch.randint(300, (2, 30_000), generator=generator)
    x, maps = torch.randn(300, 3, 32), torch.randn(30_000, 3, 3)
    threads = torch.get_num_threads()
    results = []
    for number in (1, 2, 4):
        torch.set_num_threads(number)
        with ops.use("numba"):
            results.append(block_propagate(x, edge_index, maps))
    torch.set_num_threads(threads)
    assert all(torch.equal(result, results[0]) for result in results)


def test_refusals() -> None:
    edge_index, nodes = graph("plain")
    x, maps = torch.zeros(nodes, 2, 3), torch.zeros(31, 2, 2)
    with pytest.raises(ValueError, match=r"take stalks of 2 dimensions, but x \(9, 3, 3\)"):
        block_propagate(torch.zeros(nodes, 3, 3), edge_index, maps)
    with pytest.raises(ValueError, match="maps has 30 rows but the graph has 31 edges"):
        block_propagate(x, edge_index, maps[:30])
    with pytest.raises(ValueError, match=r"maps must have shape \(E, P, D\)"):
        block_propagate(x, edge_index, maps[0])
