"""The benchmark of a busy machine runs, on a generated board."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_row_has_a_figure_a_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import busy

    monkeypatch.setattr(busy.datasets, "load", lambda name: _board())
    page = tmp_path / "page.md"
    few = ["--rounds", "1", "--epochs", "3", "--busy", "1", "--models", "GAT", "--data", "board"]
    busy.main([*few, "--page", str(page)])
    row = page.read_text().splitlines()[-1].split("|")[1:-1]
    assert [cell.strip() for cell in row[:3]] == ["board", "GAT", "1"]
    assert len(row) == 3 + len(busy.SIDES) and all(float(cell) > 0 for cell in row[3:])
    assert capsys.readouterr().out.strip() == "|" + "|".join(row) + "|"
    sys.modules.pop("busy")


def _board() -> object:
    from gnnlab.datasets.loading import load

    return load("minesweeper-generated", seed=0, rows=10, columns=10)
