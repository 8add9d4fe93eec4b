"""Generated graphs against their rules, networkx and the published Minesweeper file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnlab.datasets import csbm, edge_homophily, karate, load, minesweeper, rmat
from gnnlab.datasets.values.edge_lists import both_directions


def neighbouring_mines(edge_index: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    count = torch.zeros(len(y), dtype=torch.int64)
    return count.index_add(0, edge_index[1], y[edge_index[0]])


@given(
    st.integers(1, 7),
    st.integers(1, 7),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_every_board_follows_the_rule(
    rows: int, columns: int, mines: float, hidden: float, seed: int
) -> None:
    data = minesweeper(seed, rows, columns, mines, hidden)
    cells = rows * columns
    assert int(data.y.sum()) == round(mines * cells)
    assert int(data.x[:, 0].sum()) == round(hidden * cells)
    place = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).reshape(-1, 2)
    apart = (place[:, None] - place).abs().amax(-1)
    assert torch.equal(data.edge_index, (apart == 1).nonzero().T)
    around = ((apart == 1).long() @ data.y).clamp(max=5)
    open_cells = data.x[:, 0] == 0
    assert torch.equal(data.x.sum(1), torch.ones(cells))
    assert torch.equal(data.x[open_cells, 1:].argmax(1), around[open_cells])


def test_the_published_file_follows_the_same_rule(mirror: Path) -> None:
    real, board = load("minesweeper"), minesweeper(seed=0)
    assert torch.equal(real.edge_index, board.edge_index)
    for data in (real, board):
        assert int(data.y.sum()) == 2000
        assert int(data.x[:, 0].sum()) == 5000
        assert bool((data.x.sum(1) == 1).all())
        shown = data.x[:, 0] == 0
        around = neighbouring_mines(data.edge_index, data.y).clamp(max=5)
        assert torch.equal(data.x[shown, 1:].argmax(1), around[shown])
        assert 0 < int((shown & (data.y == 1)).sum()) < 2000  # some mines show counts, some do not
        for mask, nodes in zip(masks(data), (5000, 2500, 2500), strict=True):
            assert mask.shape == (10000, 10)
            assert bool((mask.sum(0) == nodes).all())
            assert bool(((mask & (data.y == 1)[:, None]).sum(0) == nodes // 5).all())
    # Shares of the counts: within 4 standard deviations of a difference of two binomials.
    share = real.x.mean(0)
    spread = (2 * share * (1 - share) / 10000).sqrt()
    assert bool(((real.x.mean(0) - board.x.mean(0)).abs() <= 4 * spread).all())


def masks(data: object) -> tuple[torch.Tensor, ...]:
    return tuple(getattr(data, f"{part}_mask") for part in ("train", "val", "test"))


@pytest.mark.parametrize("name", ["minesweeper-generated", "csbm", "karate", "rmat"])
def test_a_seed_gives_the_same_graph_twice_and_leaves_global_generators_alone(name: str) -> None:
    state = torch.get_rng_state()
    first, again, other = load(name, seed=3), load(name, seed=3), load(name, seed=4)
    for key in ("x", "edge_index", "y", "train_mask", "val_mask", "test_mask"):
        assert torch.equal(first[key], again[key])
    assert not torch.equal(first.train_mask, other.train_mask)
    assert torch.equal(torch.get_rng_state(), state)


def test_karate_is_networkx_karate() -> None:
    networkx = pytest.importorskip("networkx")
    graph, data = networkx.karate_club_graph(), karate()
    expected = both_directions(torch.tensor(list(graph.edges)).T, 34)
    assert torch.equal(data.edge_index, expected)
    clubs = [int(graph.nodes[node]["club"] == "Officer") for node in range(34)]
    assert data.y.tolist() == clubs


@pytest.mark.parametrize("homophily", [0.0, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("classes", [2, 5])
def test_csbm_has_the_homophily_and_degree_asked_for(homophily: float, classes: int) -> None:
    data = csbm(seed=1, nodes=2000, classes=classes, degree=20, homophily=homophily)
    edges = data.edge_index.shape[1] / 2
    spread = (homophily * (1 - homophily) / edges) ** 0.5
    assert edge_homophily(data.edge_index, data.y) == pytest.approx(homophily, abs=4 * spread)
    # Inside a class a node has one possible neighbour fewer than the formula's n / C.
    expected = 2000 * 20 * (homophily * (1 - classes / 2000) + 1 - homophily) / 2
    assert abs(edges - expected) < 4 * expected**0.5
    assert torch.bincount(data.y).tolist() == [2000 // classes] * classes


def test_csbm_features_are_as_far_apart_as_asked() -> None:
    data = csbm(seed=0, nodes=20000, features=4, degree=2, signal=3.0)
    for label in (0, 1):
        mean = data.x[data.y == label].mean(0)
        assert float(mean.norm()) == pytest.approx(3.0, abs=0.05)
        assert float(data.x[data.y == label].std(0).mean()) == pytest.approx(1.0, abs=0.02)


@given(st.integers(2, 12), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_csbm_at_full_density_is_the_complete_graph(nodes: int, seed: int) -> None:
    data = csbm(seed, nodes=2 * nodes, degree=2 * nodes, homophily=0.5, features=1)
    assert data.edge_index.shape[1] == 2 * nodes * (2 * nodes - 1)


@given(st.integers(8, 200), st.booleans(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_rmat_has_exactly_the_edges_asked_for(nodes: int, directed: bool, seed: int) -> None:
    edges = nodes * (nodes - 1) // 10
    edge_index = rmat(seed, nodes, edges, directed=directed, features=1).edge_index
    assert edge_index.shape[1] == edges * (1 if directed else 2)
    assert bool((edge_index[0] != edge_index[1]).all())
    assert int(edge_index.min()) >= 0 and int(edge_index.max()) < nodes
    assert torch.unique(edge_index, dim=1).shape == edge_index.shape


def test_rmat_is_skewed_and_uniform_corners_are_not() -> None:
    def top(corners: tuple[float, float, float, float]) -> int:
        edge_index = rmat(0, 4096, 40000, corners=corners, features=1).edge_index
        return int(torch.bincount(edge_index[0]).max())

    assert top((0.57, 0.19, 0.19, 0.05)) > 5 * top((0.25, 0.25, 0.25, 0.25))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: minesweeper(rows=0), "rows is 0, but it must be a whole number"),
        (lambda: minesweeper(rows=5.5), "rows is 5.5, but it must be a whole number"),
        (lambda: minesweeper(mines=1.5), "mines is 1.5, but a share lies between 0 and 1"),
        (lambda: minesweeper(mines=float("nan")), "mines is nan"),
        (lambda: minesweeper(seed=-1), "seed is -1"),
        (lambda: csbm(homophily=-0.1), "homophily is -0.1"),
        (lambda: csbm(degree=-1), "degree is -1, but it must be 0 or more"),
        (lambda: csbm(features=-1), "features is -1"),
        (lambda: rmat(classes=0), "classes is 0"),
        (lambda: rmat(edges=-5), "edges is -5"),
        (lambda: rmat(corners=(0.5, 0.5)), "give four that add up to 1"),
        (lambda: rmat(nodes=64, edges=10, corners=(0.5, 0, 0, 0.5)), "they are too skewed"),
        (lambda: load("minesweeper-generated", rows=1, columns=1), "selects no node in split 0"),
        (lambda: csbm(nodes=20, degree=30), "lower the degree"),
        (lambda: csbm(classes=1), "two classes or more"),
        (lambda: rmat(corners=(1, 1, 0, 0)), "add up to 1"),
        (lambda: rmat(nodes=10, edges=40), "at most 11"),
        (lambda: load("minesweeper-generated", row=3), "did you mean 'rows'"),
        (lambda: load("karate", source="zachary"), "takes no source"),
    ],
)
def test_bad_settings_get_one_sentence(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
