"""The subgraph benchmark compares equal results, and prints a row for each case."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def subgraphs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    return importlib.import_module("subgraphs")


def test_molecules_are_as_large_as_zincs(subgraphs: ModuleType) -> None:
    data = [subgraphs.molecule(seed) for seed in range(50)]
    nodes, edges = (sum(getattr(d, n) for d in data) / 50 for n in ("num_nodes", "num_edges"))
    assert 22 < nodes < 24 and 45 < edges < 52 and all(d.is_undirected() for d in data)


def test_the_release_stores_our_distances(subgraphs: ModuleType) -> None:
    data = subgraphs.molecule(1)
    own = subgraphs.PairDistances(subgraphs.LIMIT)(data)
    assert torch.equal(subgraphs.released(data).d, own.pair_distance.long())


@pytest.mark.slow
def test_other_sums_are_not_timed(subgraphs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    sides = subgraphs.Sides([subgraphs.molecule(seed) for seed in range(3)], 8)
    subgraphs.check(sides)
    sides.theirs.index_uL = sides.theirs.index_uL.flip(0)
    sides.theirs.index_vv = sides.theirs.index_vv.flip(0)
    with pytest.raises(RuntimeError, match="the two sides differ by"):
        subgraphs.check(sides)


def test_both_networks_are_the_same_where_norms_are_fixed(subgraphs: ModuleType) -> None:
    sides = subgraphs.Sides([subgraphs.molecule(seed) for seed in range(3)], 8)
    encoder = subgraphs.SubgraphGNN(8, 8, 2, out_channels=1, edge_dim=(subgraphs.BONDS,)).eval()
    torch.testing.assert_close(subgraphs.Written(encoder)(sides.theirs), encoder(sides.batch))


@pytest.mark.slow
def test_prints_a_row_for_each_case(
    subgraphs: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    subgraphs.main(["--graphs", "3", "--width", "8", "--rounds", "1"])
    out = capsys.readouterr().out
    for row in ("prepare a graph", "collate 3 graphs", "uL, vL, vv with bonds", "SSWL+, six"):
        assert out.count(row) == 1
    assert out.count("peak memory of the step") == 2


def test_an_epoch_passes_over_all_molecules(
    subgraphs: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = [subgraphs.molecule(seed) for seed in range(5)]
    monkeypatch.setattr(subgraphs, "molecules", lambda: ("drawn", drawn))
    monkeypatch.setattr(subgraphs, "BATCH", 2)
    sizes: list[int] = []
    whole = subgraphs.Collate.__call__
    monkeypatch.setattr(
        subgraphs.Collate,
        "__call__",
        lambda self, part: sizes.append(len(part)) or whole(self, part),
    )
    subgraphs.print_epoch(4)
    assert sizes == [2, 2, 1]
    assert "an epoch of SSWL+ on drawn: 5 graphs" in capsys.readouterr().out
