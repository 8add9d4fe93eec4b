"""The sheaf Laplacian against the block matrix of its definition."""

from __future__ import annotations

import pytest
import torch
from sheaf_oracles import coboundary_laplacian, learned_edges, normalised, pairs_of
from torch import Tensor

from gnnlab.layers.sheaf.laplacian import Sheaf, inverse_root, laplacian
from gnnlab.layers.sheaf.maps import RandomMaps, SheafLearner, trivial
from gnnlab.layers.sheaf.undirected_edges import undirected
from gnnlab.ops import Adjacency, gcn_propagate, use

NODES = 7
# Two components, an isolated node, a loop, an arc without its reverse and a repeated one.
ARCS = [(0, 1), (1, 2), (2, 0), (2, 3), (4, 5)]
EDGES = torch.tensor([*ARCS, *[(v, u) for u, v in ARCS], (1, 1), (0, 3), (0, 1)]).T
SIMPLE = torch.tensor([*ARCS, *[(v, u) for u, v in ARCS]]).T
KINDS = ("augmented", "textbook", "none")


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).double()


def learner(maps: str, dim: int, kind: str = "householder", **options: bool) -> SheafLearner:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return SheafLearner(dim, 2, maps, kind, dim, **options).double()


def dense(sheaf: Sheaf, dim: int, kind: str, sign: float = -1.0) -> Tensor:
    """The Laplacian as a matrix: its action on every unit vector."""
    units = torch.eye(NODES * dim).double().reshape(NODES, dim, NODES * dim)
    return laplacian(units, sheaf, kind, sign).reshape(NODES * dim, NODES * dim)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("maps", ["diag", "orthogonal", "general"])
def test_equals_the_block_matrix(maps: str, dim: int, kind: str, weights: bool) -> None:
    x, edge_weight = normal(NODES, dim, 2), normal(EDGES.shape[1], seed=3).abs()
    module = learner(maps, dim, edge_weights=weights)
    given = edge_weight if weights else None
    sheaf = module(x, undirected(EDGES, NODES, given))
    scores = None if module.weights is None else module.weights.weight[0]
    edges = learned_edges(x, EDGES, given, maps, dim, "householder", module.maps.weight, scores)
    expected = normalised(*coboundary_laplacian(NODES, edges, dim), kind)
    torch.testing.assert_close(dense(sheaf, dim, kind), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("kind", "dim"), [("cayley", 3), ("matrix_exp", 4), ("euler", 3)])
def test_equals_it_for_every_parametrisation_and_the_sparse_learner(kind: str, dim: int) -> None:
    x, module = normal(NODES, dim, 2), learner("orthogonal", dim, kind, sparse=True)
    sheaf = module(x, undirected(EDGES, NODES))
    edges = learned_edges(
        x, EDGES, None, "orthogonal", dim, kind, module.maps.weight, None, sparse=True
    )
    expected = normalised(*coboundary_laplacian(NODES, edges, dim), "augmented")
    torch.testing.assert_close(dense(sheaf, dim, "augmented"), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("maps", ["diag", "orthogonal", "general", "random", "identity"])
def test_is_symmetric_and_positive_semi_definite(maps: str, kind: str) -> None:
    pairs = undirected(EDGES, NODES)
    if maps == "identity":
        sheaf = trivial(pairs, torch.float64)
    elif maps == "random":
        sheaf = RandomMaps(4, 3, "householder").double()(normal(NODES, 4), pairs)
    else:
        sheaf = learner(maps, 3)(normal(NODES, 3, 2), pairs)
    found = dense(sheaf, 3, kind).detach()
    torch.testing.assert_close(found, found.T, rtol=0, atol=1e-12)
    spectrum = torch.linalg.eigvalsh(found)
    assert spectrum[0] > -1e-12
    assert kind == "none" or spectrum[-1] < 2 + 1e-12


def test_of_the_trivial_sheaf_keeps_constants_per_component() -> None:
    sheaf = trivial(undirected(SIMPLE, NODES), torch.float64)
    components = torch.zeros(NODES, 3).double()
    for column, nodes in enumerate(([0, 1, 2, 3], [4, 5], [6])):
        components[nodes, column] = 1
    for kind, scale in (("none", torch.ones(NODES)), ("textbook", sheaf.degree.sqrt())):
        kernel = scale.double()[:, None] * components
        assert laplacian(kernel[:, None], sheaf, kind).abs().max() < 1e-14
        spectrum = torch.linalg.eigvalsh(dense(sheaf, 1, kind))
        assert int((spectrum < 1e-12).sum()) == 3


def test_of_identity_maps_in_one_dimension_is_gcn() -> None:
    joined = SIMPLE[:, (SIMPLE < 6).all(0)]
    sheaf, x = trivial(undirected(joined, 6), torch.float64), normal(6, 1, 4)
    adj = Adjacency(joined, 6)
    with_loops = gcn_propagate(x[:, 0], adj.with_self_loops())
    # With D + I the diagonal is D / (D + 1), and what is missing to I is GCN's own loop.
    torch.testing.assert_close(
        (x - laplacian(x, sheaf, "augmented"))[:, 0], with_loops, rtol=1e-12, atol=1e-12
    )
    torch.testing.assert_close(
        (x - laplacian(x, sheaf, "textbook"))[:, 0], gcn_propagate(x[:, 0], adj),
        rtol=1e-12, atol=1e-12,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_with_a_plus_is_signless(kind: str) -> None:
    sheaf = trivial(undirected(SIMPLE, NODES), torch.float64)
    plus, minus = dense(sheaf, 1, kind, 1.0), dense(sheaf, 1, kind)
    torch.testing.assert_close(plus.diag(), minus.diag())
    torch.testing.assert_close(plus - plus.diag().diag(), minus.diag().diag() - minus)
    assert torch.linalg.eigvalsh(plus)[0] > -1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("maps", ["diag", "orthogonal", "general"])
def test_gradients(maps: str, kind: str) -> None:
    module, pairs = learner(maps, 2, edge_weights=True), undirected(SIMPLE, NODES)
    x = normal(NODES, 2, 2).requires_grad_()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return laplacian(x, module(x, pairs), kind)

    assert torch.autograd.gradcheck(run, (x, *module.parameters()))


def test_gradients_equal_those_of_the_dense_formula() -> None:
    module, pairs, x = learner("general", 3), undirected(SIMPLE, NODES), normal(NODES, 3, 2)
    weight, found = module.maps.weight, []
    full = torch.zeros(NODES, 3, NODES, 3).double()
    for u, v in pairs_of(SIMPLE):
        left, right = (
            (weight @ torch.cat([x[a].flatten(), x[b].flatten()])).tanh().reshape(3, 3)
            for a, b in ((u, v), (v, u))
        )
        for a, b, block in ((u, u, left.T @ left), (v, v, right.T @ right),
                            (u, v, -left.T @ right), (v, u, -right.T @ left)):  # fmt: skip
            put = torch.zeros(NODES, NODES).double()
            put[a, b] = 1
            full = full + torch.einsum("ab,ij->aibj", put, block)
    for y in (torch.einsum("aibj,bjc->aic", full, x), laplacian(x, module(x, pairs), "none")):
        found.append(torch.autograd.grad(y.square().sum(), weight)[0])
    torch.testing.assert_close(found[1], found[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["augmented", "textbook"])
def test_inverse_roots_have_gradients_where_eigenvalues_coincide(kind: str) -> None:
    scale = torch.tensor([0.5, 2.0]).double()[:, None, None]
    degree = (scale * torch.eye(3).double()).requires_grad_()

    def run(matrix: Tensor) -> Tensor:
        root = inverse_root((matrix + matrix.mT) / 2, kind)
        assert root is not None
        return root

    assert torch.autograd.gradcheck(run, (degree,))
    root = run(degree)
    shifted = degree + torch.eye(3) if kind == "augmented" else degree
    torch.testing.assert_close(root @ shifted @ root, torch.eye(3).double().expand(2, 3, 3))


def test_inverse_roots_of_singular_blocks_are_those_of_what_is_there() -> None:
    degree = torch.stack([torch.zeros(2, 2), torch.diag(torch.tensor([4.0, 0.0]))]).double()
    degree.requires_grad_()
    root = inverse_root(degree, "textbook")
    assert root is not None
    assert root.tolist() == [[[0, 0], [0, 0]], [[0.5, 0], [0, 0]]]
    assert torch.autograd.grad(root.sum(), degree)[0].isfinite().all()


def test_runs_on_the_reference_backend() -> None:
    x, pairs = normal(NODES, 3, 2), undirected(EDGES, NODES)
    module = learner("orthogonal", 3)
    expected = laplacian(x, module(x, pairs), "augmented")
    with use("torch"):
        torch.testing.assert_close(laplacian(x, module(x, pairs), "augmented"), expected)


class TestUndirected:
    def test_a_graph_with_both_directions_is_itself(self) -> None:
        pairs = undirected(SIMPLE, NODES)
        assert pairs.weight is None and pairs.adj.num_edges == len(ARCS)
        assert pairs.degree(torch.float64).tolist() == [2, 2, 3, 1, 1, 1, 0]

    def test_rows_are_halves_and_loops_are_none(self) -> None:
        pairs = undirected(EDGES, NODES)
        ends = [tuple(sorted(edge)) for edge in pairs.adj.edge_index.T.tolist()]
        assert pairs.weight is not None
        assert dict(zip(ends, pairs.weight.tolist(), strict=True)) == pairs_of(EDGES)
        assert pairs_of(EDGES)[0, 1] == 1.5 and pairs_of(EDGES)[0, 3] == 0.5

    def test_weights_are_added_up_differentiably(self) -> None:
        weight = normal(EDGES.shape[1]).requires_grad_()
        pairs = undirected(EDGES, NODES, weight)
        ends = [tuple(sorted(edge)) for edge in pairs.adj.edge_index.T.tolist()]
        assert pairs.weight is not None
        for end, found in zip(ends, pairs.weight.tolist(), strict=True):
            assert found == pytest.approx(pairs_of(EDGES, weight)[end])
        (grad,) = torch.autograd.grad(pairs.weight.sum(), weight)
        assert grad.tolist() == [0.5 * (u != v) for u, v in EDGES.T.tolist()]

    def test_a_row_stands_for_its_pair(self) -> None:
        pairs = undirected(EDGES, NODES)
        assert torch.equal(pairs.of_rows(EDGES.T).T, pairs.adj.edge_index)

    def test_refuses_weights_that_do_not_fit(self) -> None:
        with pytest.raises(ValueError, match="edge_weight is .* of shape"):
            undirected(EDGES, NODES, torch.ones(3))
