"""Curves on disk: as long as they need be, with the kept epoch, beside every line of results."""

from __future__ import annotations

import json
import math
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnlab import datasets, tasks
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.bar import bar_title
from gnnlab.runner.runs.curves import (
    FILE,
    POINTS,
    append_curve,
    curve_line,
    read_curves,
    thinned,
)

SETTINGS = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 60},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 5, "evaluate_every": 2},
    "run": {"splits": [0, 1], "seeds": [3]},
}


def made(epochs: int, kept: int) -> tasks.Result:
    """A result whose numbers are told by the epoch."""
    curve = tasks.Curve()
    for epoch in range(1, epochs + 1):
        row = {"loss": 1 / epoch, "valid_loss": math.inf, "valid": 0.5, "test": 0.25}
        curve.append(epoch, {**row, "valid hits@20": epoch / 3})
    return tasks.Result(0.5, 0.25, kept, 1.0, 1, 1, "accuracy", curve, None)


@given(st.integers(1, 5000), st.floats(0, 1), st.integers(3, 600))
def test_a_thinned_curve_is_even_and_holds_what_matters(length: int, at: float, most: int) -> None:
    kept = min(length - 1, int(at * length))
    points = thinned(length, kept, most)
    assert len(points) <= most and points == sorted(set(points))
    assert {0, kept, length - 1} <= set(points)
    gaps = [b - a for a, b in zip(points, points[1:], strict=False)]
    assert length <= most or max(gaps) <= math.ceil(length / (most - 2)) + 1


def test_a_long_curve_is_bounded_and_short_ones_are_whole(tmp_path: Path) -> None:
    long, short = curve_line((0, 1), made(20_000, 777)), curve_line((0, 2), made(7, 3))
    assert long is not None and short is not None
    assert len(long.epoch) == len(long.others["valid hits@20"]) == POINTS and 777 in long.epoch
    assert short.epoch == [1, 2, 3, 4, 5, 6, 7] and short.loss[2] == 0.333333
    assert short.valid_loss == [None] * 7  # JSON has no word for infinity
    for line in (long, short, short):
        append_curve(tmp_path, line)
    assert read_curves(tmp_path) == {(0, 1): long, (0, 2): short}
    assert pickle.loads(pickle.dumps(long)) == long  # it comes from another process
    assert len((tmp_path / FILE).read_text().splitlines()) == 2
    assert (tmp_path / FILE).stat().st_size < 40_000
    assert curve_line((0, 0), made(0, 0)) is None


def test_a_run_writes_a_curve_with_each_line_and_resumes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gnnlab.runner.runs import run as module

    config = configure(SETTINGS)
    whole = run(config, tmp_path / "whole")
    rows, curves = read_results(whole), read_curves(whole)
    assert list(curves) == [(0, 3), (1, 3)]
    for row in rows:
        curve = curves[row["split"], row["seed"]]
        assert curve.epoch == [2, 4, 5] and curve.kept == row["epoch"]
        at = curve.epoch.index(row["epoch"])
        assert curve.valid[at] == pytest.approx(row["valid"], rel=1e-5)
        assert curve.test[at] == pytest.approx(row["test"], rel=1e-5)

    data = datasets.csbm(seed=1, nodes=60)
    parts = [data.test_mask[:, 1].sum(), data.train_mask[:, 1].sum()]
    assert curves[1, 3].share == float(parts[0]) / float(parts[1])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # between the curve and the line of results
        patch.setattr(module, "append_result", killed)
        with pytest.raises(KeyboardInterrupt):
            run(config, tmp_path / "cut")
    cut = tmp_path / "cut" / whole.name
    assert not read_results(cut) and len(read_curves(cut)) == 1
    (cut / FILE).write_text((cut / FILE).read_text() + '{"split":0')  # and in the middle of one
    assert run(config, tmp_path / "cut") == cut
    lines = (cut / FILE).read_text().splitlines()
    assert sorted(lines) == sorted((whole / FILE).read_text().splitlines())


@pytest.mark.parametrize(
    "line", ["3", "{}", "[" * 9999, '{"split": 0', "\xff", json.dumps({"split": "0"})]
)
def test_a_damaged_curve_is_told(line: str, tmp_path: Path) -> None:
    whole = curve_line((0, 0), made(3, 1))
    assert whole is not None
    append_curve(tmp_path, whole)
    path = tmp_path / FILE
    path.write_bytes(line.encode("latin1") + b"\n" + path.read_bytes())
    with pytest.raises(ValueError, match="line 1 of .*curves.jsonl is no curve .*: delete that"):
        read_curves(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_bytes().splitlines()[1]), "loss": [1]}))
    with pytest.raises(ValueError, match="lists differ in length"):
        read_curves(tmp_path)


def test_a_bar_names_split_seed_and_place() -> None:
    assert bar_title("GCN", (1, 4), "2 of 10") == "GCN split 1 seed 4 (2 of 10)"


def test_the_bars_of_a_run_count_epochs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(configure(SETTINGS), tmp_path, progress=True)
    told = capsys.readouterr().err
    assert "GCN split 0 seed 3 (1 of 2)" in told and "GCN split 1 seed 3 (2 of 2)" in told
    assert "epoch/s" in told or "s/epoch" in told
