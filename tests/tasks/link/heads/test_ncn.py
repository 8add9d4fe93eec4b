"""NCN and NCNC are their formulas, written densely."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from ncn_formula import NODES, WIDTH, built, dense, formula, mapped, random_graph, states
from torch import Tensor

from gnnlab.ops import Adjacency, residual_neighbors, use
from gnnlab.tasks import NCN, NCNC, common_neighbors

SETTINGS: list[dict[str, Any]] = [
    {},
    {"tail_activation": False, "two_layers": True},
    {"norm": False, "transform": False, "beta": 2.0},
]
COMPLETIONS: list[dict[str, Any]] = [
    {"scale": 4.3, "offset": 0.2, "pt": 0.75},
    {"scale": 1.4, "offset": -0.3, "pt": 0.25, "alpha": 0.4, "two_layers": True},
    {"scale": 2.0, "offset": 0.1, "depth": 2},
    {"scale": 2.0, "offset": 0.1, "recursion": "released"},
    {"scale": 2.0, "offset": 0.1, "recursion": "released", "depth": 2},
    {"scale": 2.0, "offset": 0.1, "limit": 100, "eval_sampled": 100},
]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("seed", [0, 1])
def test_ncn_is_its_formula(settings: dict[str, Any], masked: bool, seed: int) -> None:
    edge_index, x = random_graph(seed), states(seed)
    pairs = torch.cat([edge_index[:, :9], torch.randint(NODES, (2, 9))], dim=1)
    head, adj = built(NCN, seed, **settings), Adjacency(edge_index, NODES)
    hidden = edge_index[:, :9] if masked else None
    expected = formula(head, x, dense(edge_index, hidden), pairs)
    for backend in ("torch", "numba"):
        with use(backend):
            view = adj.without(edge_index[:, :9]) if masked else adj
            torch.testing.assert_close(head(x, view, pairs), expected)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("settings", COMPLETIONS)
def test_ncnc_is_its_formula(settings: dict[str, Any], masked: bool) -> None:
    edge_index, x = random_graph(2), states()
    pairs = torch.cat([edge_index[:, :7], torch.randint(NODES, (2, 9))], dim=1)
    head, adj = built(NCNC, **settings), Adjacency(edge_index, NODES)
    hidden = edge_index[:, :7] if masked else None
    expected = formula(head, x, dense(edge_index, hidden), pairs, settings.get("depth", 1))
    plain = formula(head, x, dense(edge_index, hidden), pairs)
    assert not torch.allclose(expected, plain)  # the completion counts
    for grad in (False, True):
        view = adj.without(edge_index[:, :7]) if masked else adj
        with torch.set_grad_enabled(grad):
            torch.testing.assert_close(head(x, view, pairs), expected)


def test_depth_0_is_ncn() -> None:
    edge_index, x = random_graph(0), states()
    head, plain = built(NCNC, depth=0), built(NCN)
    plain.load_state_dict(head.state_dict())
    assert torch.equal(head(x, edge_index, edge_index), plain(x, edge_index, edge_index))


def test_completion_probabilities_are_the_equation() -> None:
    edge_index, x = random_graph(3), states()
    head = built(NCNC, scale=1.7, offset=0.4, pt=0.3, alpha=1.05)
    logit = torch.linspace(-30, 30, 41).double()
    q = torch.sigmoid(1.7 * (logit - 0.4))
    expected = 1.05 * 0.3 * q / (0.3 * q + 1 - q)
    torch.testing.assert_close(head.probability(logit), expected)  # type: ignore[operator]
    adj, pairs = Adjacency(edge_index, NODES), torch.tensor([[0, 3], [5, 7]])
    sides = residual_neighbors(adj, pairs)
    likely = head._likely(x, adj, pairs, sides, None, 1)  # type: ignore[operator]
    for lists, end, found in zip(sides, pairs.flip(0), likely, strict=True):
        asked = torch.stack([end[lists.pair], lists.node.long()])
        logits = formula(head, x, dense(edge_index), asked)
        torch.testing.assert_close(found, head.probability(logits))  # type: ignore[operator]
        assert not found.requires_grad


HEADS: list[tuple[type[NCN], dict[str, Any]]] = [
    (NCN, {}),
    (NCN, {"limit": 2}),
    (NCNC, {"scale": 2.0, "offset": 0.0}),
    (NCNC, {"scale": 2.0, "offset": 0.0, "eval_sampled": 2}),
    (NCNC, {"scale": 2.0, "offset": 0.0, "recursion": "released", "depth": 2}),
]


@pytest.mark.parametrize(("cls", "settings"), HEADS)
def test_the_order_of_ends_and_pairs_does_not_matter(
    cls: type[NCN], settings: dict[str, Any]
) -> None:
    edge_index, x, head = random_graph(4), states(), built(cls, **settings)
    pairs = edge_index[:, ::2]
    scores = head(x, edge_index, pairs)
    assert cls.symmetric
    torch.testing.assert_close(head(x, edge_index, pairs.flip(0)), scores)
    order = torch.randperm(pairs.shape[1])
    torch.testing.assert_close(head(x, edge_index, pairs[:, order]), scores[order])
    torch.testing.assert_close(
        head(x, edge_index[:, torch.randperm(edge_index.shape[1])], pairs), scores
    )


@pytest.mark.parametrize(("cls", "settings"), [HEADS[0], HEADS[2], HEADS[4]])
def test_moves_with_the_nodes(cls: type[NCN], settings: dict[str, Any]) -> None:
    edge_index, x, head = random_graph(4), states(), built(cls, **settings)
    new = torch.randperm(NODES)
    moved = head(torch.empty_like(x).index_copy(0, new, x), new[edge_index], new[edge_index])
    torch.testing.assert_close(moved, head(x, edge_index, edge_index))


@pytest.mark.parametrize(("cls", "settings"), HEADS[:2])
def test_gradients(cls: type[NCN], settings: dict[str, Any]) -> None:
    edge_index, x, head = random_graph(5), states().requires_grad_(), built(cls, **settings)
    adj = Adjacency(edge_index, NODES).without(edge_index[:, :4])
    parameters = list(head.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: head(x, adj, edge_index[:, :6]), (x, *parameters))


def test_gradients_of_ncnc_leave_the_probabilities_alone() -> None:
    edge_index, x, head = random_graph(5), states(), built(NCNC, scale=2.0, offset=0.0)
    adj, pairs = Adjacency(edge_index, NODES), edge_index[:, :6]
    i, j = pairs
    matrix = dense(edge_index)
    every = torch.cartesian_prod(torch.arange(NODES), torch.arange(NODES)).T
    p = head.probability(formula(head, x, matrix, every)).reshape(NODES, NODES)  # type: ignore[operator]
    shared = matrix[i] * matrix[j] + matrix[i] * (1 - matrix[j]) * p[j]
    shared = shared + matrix[j] * (1 - matrix[i]) * p[i]
    found, expected = x.clone().requires_grad_(), x.clone().requires_grad_()
    head(found, adj, pairs).sum().backward()
    both = head.beta * head.common(shared @ mapped(head, expected))
    head.score(both + head.ends(expected[i] * expected[j])).sum().backward()
    torch.testing.assert_close(found.grad, expected.grad)


@pytest.mark.parametrize("cls", [NCN, NCNC])
def test_only_touched_rows_take_a_gradient(cls: type[NCN]) -> None:
    x = torch.randn(1000, WIDTH, dtype=torch.float64)
    edge_index, pairs = random_graph(6), torch.tensor([[0, 3, 900], [5, 7, 901]])
    grads = []
    for sparse in (False, True):
        table = x.clone().requires_grad_()
        head = built(cls, sparse_grad=sparse)
        head(table, Adjacency(edge_index, 1000), pairs).sum().backward()
        assert table.grad is not None and table.grad.is_sparse == sparse
        grads.append(table.grad)
    torch.testing.assert_close(grads[0], grads[1].to_dense())
    assert len(grads[1].coalesce().indices()[0]) <= NODES + 2


def test_edge_dropout_is_rescaled_and_ends_with_training() -> None:
    edge_index, x = random_graph(7, edges=60), states()
    adj, pairs = Adjacency(edge_index, NODES), edge_index[:, :8]
    sums = []
    settings = {"edge_dropout": 0.4, "transform": False, "dropout": 1e-6}  # no sum is left out then
    head, released = built(NCN, **settings), built(NCN, **settings, rescale=False)
    plain = built(NCN, transform=False)
    assert torch.equal(head(x, adj, pairs), plain(x, adj, pairs))
    for seed, module in ((0, head), (0, released)):
        torch.manual_seed(seed)
        taken: list[Tensor] = []
        module.common.register_forward_pre_hook(lambda _, args, taken=taken: taken.append(args[0]))
        module.train()
        for _ in range(400):
            module(x, adj, pairs)
        sums.append(torch.stack(taken))
    matrix = dense(edge_index)
    expected = (matrix[pairs[0]] * matrix[pairs[1]]) @ x
    error = sums[0].std(0) / 400**0.5
    assert bool(((sums[0].mean(0) - expected).abs() <= 4.5 * error + 1e-9).all())
    torch.testing.assert_close(sums[1], sums[0] * 0.36)


@pytest.mark.parametrize("settings", [{"edge_dropout": 0.3, "dropout": 0.2, "sampled": 2}])
def test_training_repeats_under_a_seed(settings: dict[str, Any]) -> None:
    edge_index, x = random_graph(8), states()
    head = built(NCNC, **settings).train()
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(head(x, edge_index, edge_index))
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_evaluation_repeats_without_one() -> None:
    edge_index, x = random_graph(8), states()
    head = built(NCNC, eval_sampled=1, limit=1)
    state = torch.random.get_rng_state()
    assert torch.equal(head(x, edge_index, edge_index), head(x, edge_index, edge_index))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("cls", [NCN, NCNC])
def test_blocks_change_nothing(cls: type[NCN], monkeypatch: pytest.MonkeyPatch) -> None:
    edge_index, x = random_graph(9), states()
    head = built(cls)
    with torch.no_grad():
        expected = head(x, edge_index, edge_index)
        monkeypatch.setattr("gnnlab.tasks.link.heads.ncn.BLOCK", 3)
        monkeypatch.setattr("gnnlab.tasks.link.heads.ncnc.MOST", 7)
        torch.testing.assert_close(head(x, edge_index, edge_index), expected)


@pytest.mark.parametrize("cls", [NCN, NCNC])
def test_no_pairs_pairs_of_a_node_with_itself_and_no_edges(cls: type[NCN]) -> None:
    edge_index, x, head = random_graph(10), states(), built(cls)
    none = torch.empty(2, 0, dtype=torch.long)
    assert head(x, edge_index, none).shape == (0,)
    with torch.no_grad():
        assert head(x, edge_index, none).shape == (0,)
    own = torch.arange(NODES).repeat(2, 1)
    expected = formula(head, x, dense(edge_index), own, int(cls is NCNC))
    torch.testing.assert_close(head(x, edge_index, own), expected)
    bare = formula(head, x, dense(none), own, int(cls is NCNC))
    torch.testing.assert_close(head(x, none, own), bare)


def test_reset_parameters_draws_all_weights_from_the_seed() -> None:
    drawn = []
    for spoil in (7.0, -7.0):
        head = NCNC(WIDTH, 7, two_layers=True, beta=0.5, tail_activation=False)
        with torch.no_grad():
            for parameter in head.parameters():
                parameter.fill_(spoil)
        torch.manual_seed(5)
        head.reset_parameters()
        drawn.append([parameter.detach().clone() for parameter in head.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*drawn, strict=True))
    assert head.beta.tolist() == [0.5]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 1.5}, "dropout is 1.5, but a share lies between 0 and 1"),
        ({"edge_dropout": 1.0}, "edge_dropout is 1, which leaves no edge: take less"),
        ({"limit": 0}, "limit is 0, but it must be a whole number of at least 1"),
        ({"hidden_channels": 0}, "hidden_channels is 0"),
        ({"depth": -1}, "depth is -1, but it must be a whole number of at least 0"),
        ({"scale": 0}, "scale is 0, but it must be above 0"),
        ({"sampled": 0}, "sampled is 0"),
        ({"recursion": "twice"}, "recursion is 'twice', which is none of paper, released"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NCNC(WIDTH, **settings)


def test_bad_states_and_pairs_are_named() -> None:
    head = NCN(WIDTH, 7)
    with pytest.raises(ValueError, match="pair 0 names node 14, but the graph has 14 nodes"):
        head(states().float(), random_graph(0), torch.tensor([[14], [0]]))
    with pytest.raises(ValueError, match="h is 3 wide, but the head was built for in_channels=5"):
        head(states()[:, :3].float(), random_graph(0), torch.tensor([[1], [0]]))


def test_counts_are_the_products_of_rows() -> None:
    edge_index = random_graph(11)
    every = torch.cartesian_prod(torch.arange(NODES), torch.arange(NODES)).T
    counts = common_neighbors(edge_index, NODES, every).reshape(NODES, NODES)
    assert torch.equal(counts.double(), dense(edge_index) @ dense(edge_index).T)
    one_way = edge_index[:, ::2]
    counts = common_neighbors(one_way, NODES, every).reshape(NODES, NODES)
    assert torch.equal(counts.double(), dense(one_way) @ dense(one_way).T)


def test_learns_what_common_neighbours_tell() -> None:
    """Pairs with common neighbours are told from others, which their random states cannot."""
    generator = torch.Generator().manual_seed(0)
    ends = torch.randint(60, (2, 240), generator=generator)
    edge_index = torch.cat([ends, ends.flip(0)], dim=1)
    pairs = torch.randint(60, (2, 600), generator=generator)
    y = (common_neighbors(edge_index, 60, pairs) > 1).float()
    x = torch.ones(60, 4)
    torch.manual_seed(0)
    head = NCN(4, 16, norm=False)
    optimizer = torch.optim.Adam(head.parameters(), 0.01)
    for _ in range(150):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(head(x, edge_index, pairs), y).backward()
        optimizer.step()
    right = (head(x, edge_index, pairs) > 0) == (y > 0)
    assert float(right.float().mean()) > 0.95
