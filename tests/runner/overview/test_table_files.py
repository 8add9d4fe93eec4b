"""Files of results: what is read back is what was measured."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

import pandas as pd
import pytest
from written_runs import write_run

from gnnlab import cli
from gnnlab.runner.overview import table_files

TESTS = {"a": [0.5, 0.6123456789012345], "b": [0.7, 0.1]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "a", TESTS["a"], settings={"training.lr": 0.1})
    mixed = {"training.lr": 1, "task.class_weights": False}
    write_run(tmp_path / "runs" / "b", TESTS["b"], settings=mixed, model='odd, "name" _é')
    write_run(tmp_path / "runs" / "c", [0.3], settings={"task.class_weights": [1.5, 2.0]})
    return tmp_path


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.DataFrame(json.loads(path.read_text()))


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_file_holds_mean_std_n_valid_and_what_differs(form: str, home: Path) -> None:
    path = home / f"table.{form}"
    assert cli.main(["report", "runs", f"--{form}", str(path)]) == 0
    table = read(path).set_index("run")
    for name, tests in TESTS.items():
        row = table.loc[name]
        assert float(row["mean"]) == pytest.approx(statistics.fmean(tests), rel=1e-14)
        assert float(row["std"]) == pytest.approx(statistics.stdev(tests), rel=1e-14)
        assert int(row["n"]) == 2 and float(row["valid"]) == 0.5
    assert math.isnan(float(table.loc["c", "std"]))  # of one run there is none
    assert float(table.loc["a", "training.lr"]) == 0.1
    assert table.loc["b", "model.name"] == 'odd, "name" _é'
    weights = [table.loc[name, "task.class_weights"] for name in "bc"]
    assert [str(value) for value in weights] == ["False", "[1.5, 2.0]"]


def test_rows_gives_every_split_and_seed(home: Path) -> None:
    assert cli.main(["report", "runs", "--rows", "--csv", "rows.csv", "--json", "rows.json"]) == 0
    for path in ("rows.csv", "rows.json"):
        table = read(home / path)
        assert sorted(table.test) == pytest.approx(sorted([*TESTS["a"], *TESTS["b"], 0.3]))
    assert isinstance(json.loads(Path("rows.json").read_text())[0]["split"], int)


def test_parquet_without_pyarrow_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table_files, "find_spec", lambda name: None)
    assert cli.main(["report", "runs", "--parquet", "table.parquet"]) == 2
    assert "pip install 'gnnlab[tables]'" in capsys.readouterr().err
    assert not Path("table.parquet").exists()


def test_a_folder_without_results_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", "nowhere", "--csv", "table.csv"]) == 2
    assert "no results.jsonl with a line in nowhere" in capsys.readouterr().err
