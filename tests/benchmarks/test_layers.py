"""The script that times sheaf networks."""

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
    spec = importlib.util.spec_from_file_location("benchmark_layers", FOLDER / "layers.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_matrix_of_scalars_trains_as_ours_does(script: ModuleType) -> None:
    data = script.synthetic(60, 150, 12, 0.3, 3)
    assert data.num_edges == 300 and data.x.shape == (60, 12)
    sides, losses = script.beside_scalars(), []
    for name, side in sides.items():
        from epochs import training

        model, step = training(side, data)
        for module in model.modules():
            if hasattr(module, "p"):
                module.p = 0.0  # sparse and dense features are dropped alike, but not by chance
        for _ in range(3):
            step()
        out = model.eval()(data)
        losses.append(out)
        assert bool(out.isfinite().all()), name
    for found in losses[1:]:
        torch.testing.assert_close(found, losses[0], rtol=1e-3, atol=1e-3)


def test_frames_are_timed(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    script.print_frames(nodes=300, pairs=900, columns=6)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and "300 nodes, power law, words" in lines[-1]
