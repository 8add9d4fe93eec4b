"""The script that times encodings and GINE: both sides compute the same, and every case runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location("benchmark_encodings", FOLDER / "encodings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_sides_walk_alike(script: ModuleType) -> None:
    data = script.molecule(40, 0)
    ours = script.RandomWalkPE(6)(data).random_walk_pe
    torch.testing.assert_close(ours, script.transforms.AddRandomWalkPE(6)(data).random_walk_pe)


@pytest.mark.slow
def test_every_case_runs(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "SAMPLE", 2)
    cases = [*script.encodings(2), *script.gine(2)]  # gine compares the two sides first
    assert len(cases) == 9
    for case in cases:
        assert case.ours() > 0 and (case.peer is None or case.peer() > 0)


def test_large_graphs_are_what_they_are_called(script: ModuleType) -> None:
    road, scattered = script.road(20), script.scattered(500, 8)
    assert road.num_nodes == 400 and 2.5 < road.num_edges / 400 < 3.2
    assert scattered.num_nodes == 500 and 7 < scattered.num_edges / 500 < 8
