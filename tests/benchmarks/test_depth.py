"""The script that trains models of growing depth."""

from __future__ import annotations

import importlib
import json
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STUDY = """
[data]
name = "karate"
[training]
epochs = 3
[run]
seeds = [0, 1]
[curves.far]
depth = "hops"
values = [1, 4]
model = { name = "dagnn", hidden_channels = 8 }
training = { weight_decay = 0.01 }
[curves.deep]
depth = "num_layers"
values = [2]
model = { name = "gcn", block = "plain", hidden_channels = 8 }
"""


@pytest.fixture
def depth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("depth")


def test_every_point_of_the_study_can_be_configured(depth: ModuleType) -> None:
    study = tomllib.loads((FOLDER / "depth.toml").read_text())
    found = {(name, at): config for name, at, config in depth.points(study)}
    assert {name for name, _ in found} == {"dagnn", "sgc", "gcn", "gcnii"}
    assert {("dagnn", 10), ("dagnn", 50), ("gcn", 2), ("gcn", 32)} <= set(found)
    paper = found["dagnn", 10]
    assert paper.model["hops"] == 10 and paper.training["weight_decay"] == 5e-3
    assert found["gcn", 32].model["block"] == "plain"
    assert len({config.key() for config in found.values()}) == len(found)


def test_trains_every_point_once(
    depth: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, out = tmp_path / "study.toml", tmp_path / "points.json"
    study.write_text(STUDY)
    for _ in range(2):  # the second time nothing is trained
        depth.main(["--study", str(study), "--out", str(tmp_path / "runs"), "--json", str(out)])
    rows = json.loads(out.read_text())
    assert [(row["curve"], row["depth"], row["runs"]) for row in rows] == [
        ("far", 1, 2), ("far", 4, 2), ("deep", 2, 2),
    ]  # fmt: skip
    printed = capsys.readouterr().out.splitlines()
    depth.main(["--study", str(study), "--out", str(tmp_path / "runs"), "--only", "deep"])
    assert capsys.readouterr().out.splitlines() == printed[2:3]
    assert printed[:3] == printed[3:] and printed[0].startswith("far        1  ")
    for row in rows:
        lines = (tmp_path / "runs" / row["folder"] / "results.jsonl").read_text().splitlines()
        scores = [json.loads(line)["test"] for line in lines]
        assert len(lines) == 2 and row["mean"] == pytest.approx(sum(scores) / 2)
