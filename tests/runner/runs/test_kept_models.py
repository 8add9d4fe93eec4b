"""Models and checkpoints of runs: kept beside the results, asked from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from small_runs import SETTINGS

import gnnlab
from gnnlab import datasets
from gnnlab.cli import main
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs import kept_models as kept
from gnnlab.tasks import loop
from gnnlab.tasks.metrics.by_name import find

LINKS: dict[str, Any] = {**SETTINGS, "task": {"name": "link"}}


def test_every_pair_keeps_its_model_with_the_rewiring(tmp_path: Path) -> None:
    settings = {**SETTINGS, "rewiring": {"name": "fosr", "num_edges": 5}}
    config = configure(settings, ["run.splits=[0,1]", "run.seeds=[3]"])
    folder = run(config, tmp_path, save=True)
    data = datasets.load(**config.data)
    for row in read_results(folder):
        split = row["split"]
        model = gnnlab.load(folder / "models" / f"{split}-3")
        part = data.test_mask[:, split]
        said = model.predict(data).outputs[part]
        assert find("accuracy", "classes")(said, data.y[part]) == row["test"]
        assert model.run["data"]["name"] == "csbm" and model.origin.seed == 3
    assert not (folder / "checkpoints").exists()


def test_a_pair_without_a_model_is_trained_again_and_writes_no_second_line(tmp_path: Path) -> None:
    config = configure(SETTINGS)
    folder = run(config, tmp_path)
    lines = (folder / "results.jsonl").read_text()
    assert run(config, tmp_path, save=True) == folder
    assert (folder / "results.jsonl").read_text() == lines
    model = folder / "models" / "0-0" / "model.safetensors"
    assert gnnlab.load(model.parent).card.count(repr(json.loads(lines)["test"]))
    before = model.stat().st_mtime_ns
    run(config, tmp_path, save=True)
    assert model.stat().st_mtime_ns == before


def test_what_trains_no_model_has_none_to_save(tmp_path: Path) -> None:
    settings = {**SETTINGS, "task": {"name": "clustering", "method": "kmeans"}}
    del settings["model"], settings["training"]
    with pytest.raises(ValueError, match="trains no model"):
        run(configure(settings), tmp_path, save=True)
    assert not list(tmp_path.iterdir())


def test_a_long_training_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(SETTINGS, ["training.epochs=6"])
    whole = read_results(run(config, tmp_path / "whole"))[0]
    monkeypatch.setattr(kept, "SECONDS", 1e-9)
    advance = loop.Loop.advance
    monkeypatch.setattr(loop.Loop, "advance", _until(advance, 4))
    with pytest.raises(KeyboardInterrupt):
        run(config, tmp_path / "stopped")
    (folder,) = (tmp_path / "stopped").iterdir()
    assert not (folder / "results.jsonl").exists()
    assert len(list((folder / "checkpoints" / "0-0").iterdir())) == 2
    seen: list[int] = []
    counted = lambda self, report: (seen.append(self.epoch), advance(self, report))  # noqa: E731
    monkeypatch.setattr(loop.Loop, "advance", counted)
    run(config, tmp_path / "stopped")
    row = read_results(folder)[0]
    differ = {key for key in whole if row[key] != whole[key]}
    assert differ <= {"seconds", "peak_memory_bytes"} and seen == [4, 5]
    assert not (folder / "checkpoints").exists()


def _until(advance: Any, epoch: int) -> Any:
    def stops(self: Any, report: Any) -> None:
        if self.epoch == epoch:
            raise KeyboardInterrupt
        advance(self, report)

    return stops


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_predict_writes_a_table(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(configure(SETTINGS), tmp_path, save=True) / "models" / "0-0"
    out = tmp_path / f"said{suffix}"
    assert main(["predict", str(folder), "csbm", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 60 rows\n"
    read = {".csv": pd.read_csv, ".json": pd.read_json, ".parquet": pd.read_parquet}[suffix]
    found = read(out)
    expected = gnnlab.load(folder).predict(datasets.load("csbm", seed=1, nodes=60)).table()
    assert list(found.columns) == list(expected.columns)
    assert torch.equal(torch.tensor(found["p(1)"]).float(), torch.tensor(expected["p(1)"]).float())


def test_predict_of_links_asks_about_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(configure(LINKS), tmp_path, save=True) / "models" / "0-0"
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("source,target\n0,1\n5, 7\n")
    assert main(["predict", str(folder), "csbm", "--pairs", str(pairs)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].split() == ["source", "target", "label", "p(link)"] and len(told) == 3
    assert main(["predict", str(folder), "csbm", "--top", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3 * 60
    assert main(["predict", str(folder), "csbm", "--embed"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == [f"h{i}" for i in range(8)]
    pairs.write_text("0,1\n5,x\n")
    assert main(["predict", str(folder), "csbm", "--pairs", str(pairs)]) == 2
    assert "line 2 of" in capsys.readouterr().err
    assert main(["predict", str(folder), "csbm"]) == 2
    assert "none are given" in capsys.readouterr().err
    assert main(["predict", str(tmp_path), "csbm"]) == 2
    assert "so it is no saved model" in capsys.readouterr().err
