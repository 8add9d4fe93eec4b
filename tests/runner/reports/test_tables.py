"""Reports: what validation did not choose stays hidden, and what is typed is what is printed."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import pytest
from small_runs import SETTINGS

from gnnlab import cli
from gnnlab.runner import configure
from gnnlab.runner.runs.results import read_results
from gnnlab.runner.study.page import run_study
from gnnlab.runner.study.plan import Cell, Study
from gnnlab.runner.sweep.shown import command_of, link_of, typed

SWEEP = ["sweep", "--data", "csbm", "--model", "gcn", "--set", "data.nodes=60"]
SWEEP += ["--set", "training.epochs=2", "--set", "model.hidden_channels=4", "--splits", "0,1"]
OVER = ["--over", "training.lr=[0.1,1e-9]"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert cli.main(list(words)) == 0
    return capsys.readouterr().out


def scores_of(folder: Path) -> list[str]:
    """How the test scores of a run would be printed."""
    rows = read_results(folder)
    mean = sum(row["test"] for row in rows) / len(rows)
    return [f"{100 * mean:.2f}", repr(100 * mean), repr(mean)]


def test_a_report_shows_of_a_sweep_the_test_score_of_the_chosen_one_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = command(capsys, *SWEEP, *OVER, "--out", "sweep")
    chosen = Path(told.splitlines()[-1]).parent
    (other,) = (path for path in Path("sweep").glob("csbm*") if path != chosen)
    assert scores_of(other)[0] != scores_of(chosen)[0]
    inside = [str(path) for path in sorted(Path("sweep").iterdir())]
    for words in (["sweep"], inside, [str(other)]):
        for style in ("markdown", "latex", "csv"):
            text = command(capsys, "report", *words, "--format", style)
            assert not any(score in text for score in scores_of(other)), (words, style)
            assert scores_of(chosen)[style == "csv"] in text
    page = command(capsys, "report", "sweep")
    assert told.split("\n\n")[1] in page and "each split's own choice" in page
    command(capsys, "report", "--page", "page.md", *inside)
    assert chosen.name in Path("page.md").read_text()
    assert (
        other.name not in Path("page.md").read_text() and "sweep/*`" in Path("page.md").read_text()
    )
    cells = list(csv.DictReader(command(capsys, "report", "sweep", "--format", "csv").splitlines()))
    assert [row["chosen"] for row in cells].count("true") == 1 and len(cells) == 2
    for row in cells:
        valid = [line["valid"] for line in read_results(Path("sweep") / row["run"])]
        assert float(row["valid_mean"]) == 100 * sum(valid) / 2 and row["n"] == "2"
        assert (row["test_mean"] != "") == (row["chosen"] == "true")


def test_a_sweep_that_was_stopped_tells_no_test_score(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gnnlab.runner.sweep import page as sweep_page

    def stop(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep_page, "outcome", stop)
    assert cli.main([*SWEEP, *OVER, "--out", "sweep"]) == 130
    text = command(capsys, "report", "sweep")
    assert "not finished: the same gnnlab sweep goes on" in text
    for folder in Path("sweep").glob("csbm*"):
        assert scores_of(folder)[0] not in text.partition("not finished")[2]
        assert scores_of(folder)[0] + " ±" not in text


def test_a_damaged_record_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    command(capsys, *SWEEP, *OVER, "--out", "sweep")
    (record,) = Path("sweep").glob("sweep-*.json")
    for content in (b"[" * 99_999, b'{"tried": 3}', b"\xff"):
        record.write_bytes(content)
        assert cli.main(["report", "sweep"]) == 2
        told = capsys.readouterr().err
        assert f"{record} is damaged" in told and told.count("\n") == 1


def test_a_report_leaves_out_what_a_study_tried(capsys: pytest.CaptureFixture[str]) -> None:
    configs = [configure(SETTINGS, [f"training.lr={lr}"]) for lr in (0.1, 0.01)]
    cell = Cell("csbm", "gcn", "none", tuple(configs), ((0, 9),), ((0, 0), (1, 1)))
    whole = Study("small", "A title", "A protocol.", "none", "0" * 16, (cell,))
    outcomes = run_study(whole, whole.cells, "study")
    tried = {config.label() for config in whole.cells[0].configs}
    shown = {row["run"] for row in csv.DictReader(
        command(capsys, "report", "study", "--format", "csv").splitlines()
    )}  # fmt: skip
    assert shown & tried == {outcomes[0].folder.name} and len(tried) == 2


def test_every_number_of_a_table_for_programs_is_a_cell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command(capsys, "run", *SWEEP[1:], "--out", "runs")
    (row,) = csv.DictReader(command(capsys, "report", "runs", "--format", "csv").splitlines())
    assert not any("±" in cell or "," in cell for cell in row.values())
    for key in ("mean", "std", "n", "valid", "seconds", "parameters", "peak_memory_bytes"):
        float(row[key])
    lines = read_results(next(Path("runs").iterdir()))
    assert float(row["mean"]) == pytest.approx(50 * sum(line["test"] for line in lines))


def test_a_page_prints_the_command_that_made_it_and_a_link_that_leads_there(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    for out in ("my runs", "docs/results"):
        command(capsys, "run", *SWEEP[1:], "--out", out)
        command(capsys, "run", *SWEEP[1:-1], "2", "--set", "training.lr=0.1", "--out", out)
    for page, folders in (
        ("docs/page.md", ["my runs"]),
        ("page.md", ["docs/results"]),
        ("docs/results.md", [str(p) for p in sorted(Path("docs/results").iterdir())]),
        ("page.md", ["my runs", "docs/results"]),
    ):
        command(capsys, "report", "--page", page, *folders)
        text = Path(page).read_text()
        typed_words = shlex.split(text.partition("`")[2].partition("`")[0])
        assert typed_words[:4] == ["gnnlab", "report", "--page", page]
        found = [str(p) for word in typed_words[4:] for p in sorted(Path().glob(word))]
        assert found == folders
        link = text.partition("](")[2].partition(")")[0].strip("<>")
        assert (Path(page).parent / link).resolve().is_dir()
    every = Path("docs/results").iterdir()
    expected = "gnnlab report --page docs/results.md 'docs/results'/*".replace("'", "")
    assert command_of(Path("docs/results.md"), list(every)) == expected
    assert link_of(Path("docs/results.md"), [Path("docs/results")]) == "[results/](results)"


def test_pages_of_studies_and_benches_tell_what_was_asked_for() -> None:
    options = {"--only": ["mutag-gin", "csl"], "--models": [], "--set": [["a=1"], ["b='x y'"]]}
    words = shlex.split(typed("bench", "graph", options))
    assert words == [
        "gnnlab", "bench", "graph", "--only", "mutag-gin", "csl",
        "--set", "a=1", "--set", "b='x y'",
    ]  # fmt: skip


def test_a_bench_page_tells_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--models", "gin", "--data", "csl-generated", "--settings", "edges=0.1"]
    asked += ["--set", "training.epochs=1", "--set", "data.copies=5", "--set", "run.splits=[0]"]
    command(capsys, "bench", "graph", *asked, "--out", "bench")
    text = Path("bench/page.md").read_text()
    assert shlex.split(text.partition("`")[2].partition("`")[0]) == [
        "gnnlab",
        "bench",
        "graph",
        *asked,
    ]
    assert json.loads(Path("bench/page.json").read_text())["cells"][0]["error"] == ""
