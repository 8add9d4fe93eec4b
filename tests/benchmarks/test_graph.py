"""The graph benchmark compares both sides before it times them, and prints a row for each case."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    return importlib.import_module("graph")


@pytest.fixture
def paths(graph: ModuleType) -> ModuleType:
    return importlib.import_module("graph_paths")


def test_prints_a_row_for_each_case(
    graph: ModuleType,
    paths: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paths, "COUNT", 2)
    monkeypatch.setattr(paths, "SETS", {"PROTEINS": 2, "IMDB-BINARY": 2})
    graph.main(["--like", "--rounds", "1", "--sample", "1", "--only", "paths"])
    out = capsys.readouterr().out
    for row in ("beside networkx", "simple paths, 2 graphs", "AddPaths, from Data to Data"):
        assert out.count(row) == 2


@pytest.fixture
def k_hop(graph: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = importlib.import_module("graph_k_hop")
    monkeypatch.setattr(module, "NODES", 60)
    return module


@pytest.mark.slow
def test_prints_a_row_for_each_graph_of_k_hops(
    graph: ModuleType, k_hop: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    graph.main(["--rounds", "1", "--sample", "1", "--only", "k-hop"])
    out = capsys.readouterr().out
    assert out.count("2 hops of a root") == 4 and out.count("in one call") == 2
    assert out.count("nodes and") == len(k_hop.GRAPHS) == 2


@pytest.mark.slow
def test_other_subgraphs_are_not_timed(k_hop: ModuleType) -> None:
    edges = k_hop.uniform()
    k_hop.check(edges, k_hop.Adjacency(edges, 60), [3, 7])
    with pytest.raises(RuntimeError, match="root 3: the two sides found different subgraphs"):
        k_hop.check(edges, k_hop.Adjacency(edges.flip(1), 60), [3, 7])


def test_other_paths_are_not_timed(paths: ModuleType) -> None:
    own = paths.read_graphs([paths.film_like(0)], True, "AddPaths")
    assert paths.check(own, 2, paths.with_networkx) > 300

    def less(graph: object, length: int) -> list[list[list[int]]]:
        found: list[list[list[int]]] = paths.with_networkx(graph, length)
        return [found[0], found[1][1:]]

    with pytest.raises(RuntimeError, match="less: the two sides found different paths"):
        paths.check(own, 2, less)


@pytest.fixture
def lstm(graph: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = importlib.import_module("graph_lstm")
    monkeypatch.setattr(module, "BATCH", 3)
    return module


def test_prints_a_row_for_each_kind_of_paths(
    graph: ModuleType, lstm: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    graph.main(["--rounds", "1", "--only", "lstm"])
    out = capsys.readouterr().out
    assert out.count("an LSTM over") == 2 and out.count("in 3 molecules") == 2


def test_other_readings_are_not_timed(lstm: ModuleType) -> None:
    sides = lstm.Sides("all")
    lstm.check(sides)
    sides.paths[2] = sides.paths[2].flip(0)
    with pytest.raises(RuntimeError, match="the two sides differ by"):
        lstm.check(sides)
