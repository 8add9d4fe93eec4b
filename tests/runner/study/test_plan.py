"""The study: equal budgets in every cell, chosen on validation alone, compared in pairs."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from small_runs import SETTINGS

from gnnlab import cli, tasks
from gnnlab.runner import configure, read_results
from gnnlab.runner.reports.paired_test import Difference, corrected_t_test, difference
from gnnlab.runner.study import cells as room
from gnnlab.runner.study.cells import Edges, Outcome, compare, count_edges, random_twin, run_cell
from gnnlab.runner.study.page import findings, page, run_study
from gnnlab.runner.study.plan import Cell, Study, read_study, select_cells

FOSR = ["rewiring={name='fosr', num_edges=9}"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))


def cell(method: str = "none", extra: list[str] | None = None) -> Cell:
    configs = [configure(SETTINGS, [f"training.lr={lr}", *(extra or [])]) for lr in (0.1, 0.01)]
    pairs = ((0, 9), (1, 8)), ((0, 0), (1, 1), (2, 2))
    return Cell("csbm", "gcn", method, tuple(configs), *pairs, twin=method != "none")


def small() -> Study:
    return Study("small", "A title", "A protocol.", "none", "0" * 16, (cell(), cell("fosr", FOSR)))


def test_every_cell_has_the_same_budget_and_training_settings() -> None:
    found = read_study("rewiring")
    small = {"enzymes", "imdb-binary", "mutag", "proteins"}
    assert {c.data for c in found.cells} == small | {
        "chameleon-filtered", "citeseer", "cora", "cornell"
    }  # fmt: skip
    methods = {"none", "random", "sdrf", "fosr", "borf", "gtr", "laser"}
    groups = {c.group for c in found.cells}
    assert len(found.cells) == len(groups) * len(methods) and len(groups) >= 8
    for group in groups:
        inside = {c.method: c for c in found.cells if c.group == group}
        assert set(inside) == methods
        plain = inside["none"]
        for c in inside.values():
            assert len(c.configs) == 12 and len(c.tune) == 3 and len(c.final) == 20
            assert (c.tune, c.final) == (plain.tune, plain.final)
            assert len({pair[1] for pair in c.final}) == 20 and not set(c.tune) & set(c.final)
            for ours, theirs in zip(c.configs, plain.configs, strict=True):
                for section in ("task", "data", "model", "training"):
                    assert getattr(ours, section) == getattr(theirs, section)


def test_each_strength_is_tried_equally_often_and_random_adds_as_many() -> None:
    for c in read_study("rewiring").cells:
        counts = Counter(json.dumps(config.rewiring) for config in c.configs)
        assert sorted(counts.values()) == ([12] if c.method == "none" else [4, 4, 4])
    by_name = {c.name: c for c in read_study("rewiring").cells}
    for name, c in by_name.items():
        if c.method == "random":
            for other in ("fosr", "gtr"):
                same = by_name[name.replace("random", other)]
                pairs = zip(c.configs, same.configs, strict=True)
                assert all(a.rewiring["add"] == b.rewiring["num_edges"] for a, b in pairs)


def test_chooses_on_the_validation_of_the_tuning_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another setting has the best test, and the chosen one's other runs validate badly."""
    one = cell()

    def fake(config: Any, out: Path, *, pairs: Any) -> Path:
        folder = out / config.label()
        folder.mkdir(exist_ok=True)
        good = config.training["lr"] == 0.01
        with open(folder / "results.jsonl", "a") as file:
            for split, seed in pairs:
                tuning = (split, seed) in one.tune
                row = blank() | {"split": split, "seed": seed}
                row |= {"valid": 0.8 if good and tuning else 0.1 if good else 0.7}
                file.write(json.dumps(row | {"test": 0.2 if good else 0.9}) + "\n")
        return folder

    monkeypatch.setattr(room, "run", fake)
    outcome = run_cell(one, tmp_path)
    assert outcome.config.training["lr"] == 0.01 and outcome.valid == pytest.approx(0.8)
    assert outcome.scores == {(0, 0): 0.2, (1, 1): 0.2, (2, 2): 0.2}


def test_the_lowest_error_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(config: Any, out: Path, *, pairs: Any) -> Path:
        folder = out / config.label()
        folder.mkdir(exist_ok=True)
        error = 10 * config.training["lr"]
        with open(folder / "results.jsonl", "a") as file:
            for split, seed in pairs:
                row = blank() | {"split": split, "seed": seed}
                row |= {"metric": "mae", "valid": error, "test": error}
                file.write(json.dumps(row) + "\n")
        return folder

    monkeypatch.setattr(room, "run", fake)
    outcome = run_cell(cell(), tmp_path)
    assert outcome.config.training["lr"] == 0.01 and outcome.metric == "mae"


def blank() -> dict[str, Any]:
    """A line of results that says nothing."""
    words = dict.fromkeys(("task", "data", "model", "rewiring"), "") | {"metric": "accuracy"}
    numbers = ("valid", "test", "epoch", "seconds", "parameters", "peak_memory_bytes")
    return words | dict.fromkeys(numbers, 0)


def test_resumes_and_trains_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small()
    first = run_study(whole, whole.cells, tmp_path)
    table = (tmp_path / "page.md").read_text()
    assert "A protocol." in table and "| csbm | gcn   | fosr" in table
    assert "- `fosr` against none, 1 cells: ahead in " in table
    assert "- `fosr` against its random twin, 1 cells: ahead in " in table
    monkeypatch.setattr(tasks, "fit", None)  # whoever trains now, fails
    again = run_study(whole, whole.cells, tmp_path)
    assert [o.scores for o in first] == [o.scores for o in again]
    assert (tmp_path / "page.md").read_text() == table
    runs = sum(len(read_results(folder)) for folder in tmp_path.glob("csbm-*"))
    assert runs == 2 * (2 * 2 + 3) + 3
    entries = json.loads((tmp_path / "page.json").read_text())
    assert [entry["cell"] for entry in entries] == ["csbm-gcn-none", "csbm-gcn-fosr"]
    assert [[*pair, score] for pair, score in first[1].scores.items()] == entries[1]["test"]


def test_differences_are_of_pairs(tmp_path: Path) -> None:
    whole = small()
    base, other = run_study(whole, whole.cells, tmp_path)
    assert base.baseline is None and base.twin is None and other.twins is not None
    share = room.held_out_share(base.config)
    for found, others in ((other.baseline, base.scores), (other.twin, other.twins)):
        apart = [other.scores[pair] - others[pair] for pair in others]
        assert found is not None and found.mean == pytest.approx(statistics.fmean(apart))
        assert found.p == pytest.approx(corrected_t_test(apart, share))


@pytest.mark.slow
def test_side_by_side_gives_the_same(tmp_path: Path) -> None:
    whole = small()
    one = run_study(whole, whole.cells, tmp_path / "one")
    two = run_study(whole, whole.cells, tmp_path / "two", jobs=2)
    assert [(o.scores, o.twins, o.baseline) for o in one] == [
        (o.scores, o.twins, o.baseline) for o in two
    ]


def test_a_twin_changes_as_many_edges_elsewhere() -> None:
    sdrf = "rewiring={name='sdrf', iterations=15, temperature=20.0, remove_bound=0.0}"
    own = configure(SETTINGS, [sdrf])
    twin = random_twin(own)
    assert count_edges(twin) == count_edges(own) != count_edges(cell().configs[0])
    assert twin.training == own.training and twin.model == own.model
    assert room.load_data(twin).edge_index.tolist() != room.load_data(own).edge_index.tolist()
    edges = count_edges(own)
    assert edges.added == 15 and edges.before == room.load_data(cell().configs[0]).num_edges / 2


def outcome(method: str, mean: float, p: float) -> Outcome:
    own = cell(method)
    apart, nothing = Difference(mean, p), Edges(9, 0, 0)
    return Outcome(own, own.configs[0], Path(), 0.5, {}, nothing, None, apart, Difference(-mean, p))


def test_findings_follow_from_the_numbers() -> None:
    whole = small()
    first, second = findings(whole, [outcome("fosr", 0.031, 0.01)])
    assert first == (
        "- `fosr` against none, 1 cells: ahead in 1 (csbm-gcn +3.10), behind in none; "
        "1 of these after the correction."
    )
    assert "twin, 1 cells: ahead in none, behind in 1 (csbm-gcn -3.10); 1 of" in second
    for line in findings(whole, [outcome("fosr", 0.031, 0.06)]):
        assert "ahead in none, behind in none; 0 of these" in line
    many = [outcome(f"method {i}", 0.01, 0.04 if i == 0 else 0.9) for i in range(20)]
    assert "ahead in 1 (csbm-gcn +1.00), behind in none; 0 of" in findings(whole, many)[0]


def test_an_error_that_is_lower_is_ahead() -> None:
    found = findings(small(), [replace(outcome("fosr", -0.031, 0.01), metric="mae")])
    assert "ahead in 1 (csbm-gcn -0.0310), behind in none;" in found[0]
    assert "ahead in none, behind in 1 (csbm-gcn +0.0310);" in found[1]


def test_a_part_of_the_study_says_so(tmp_path: Path) -> None:
    whole = small()
    outcomes = run_study(whole, whole.cells[:1], tmp_path)
    assert "1 of 2 cells" in page(whole, outcomes)
    assert compare(whole, outcomes) == outcomes


def test_the_paired_test_is_student_s_widened_for_resampling() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(0.1, 1, 20), random.normal(0, 1, 20)
    apart = list(first - second)
    usual = stats.ttest_rel(first, second).pvalue
    assert corrected_t_test(apart, 0.0) == pytest.approx(usual)
    t = np.mean(apart) / np.sqrt((1 / 20 + 1 / 8) * np.var(apart, ddof=1))
    assert corrected_t_test(apart, 1 / 8) == pytest.approx(2 * stats.t.sf(abs(t), 19))
    assert corrected_t_test(apart, 1 / 8) > usual
    pairs = {(0, seed): score for seed, score in enumerate(first)}
    assert difference(pairs, {(0, seed): score for seed, score in enumerate(second)}, 0.0).p == (
        pytest.approx(usual)
    )
    assert corrected_t_test([0.0, 0.0], 0.1) == 1 and corrected_t_test([0.5, 0.5], 0.1) == 0


def test_cells_are_named() -> None:
    found = read_study("Rewiring")
    names = {c.name for c in select_cells(found, ["cornell-gin", "fosr-mutag"])}
    assert len(names) == 7 + 2 and "mutag-gcn-fosr" in names
    assert len(select_cells(found, [])) == len(found.cells)
    with pytest.raises(ValueError, match="'cora-gat' names no cell of rewiring: cells are DATA-"):
        select_cells(found, ["cora-gat"])
    with pytest.raises(ValueError, match="unknown study 'rewirings'; did you mean rewiring"):
        read_study("rewirings")


def test_overrides_are_kept_apart() -> None:
    usual, short = read_study("rewiring"), read_study("rewiring", ["training.epochs=1"])
    for one, other in zip(usual.cells, short.cells, strict=True):
        assert other.configs[0].training["epochs"] == 1
        assert one.configs[0].label() != other.configs[0].label()


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["study", "rewiring", "--out", str(tmp_path), "--set", "training.epochs=1"]
    if cli.main([*words, "--only", "mutag-gcn-none"]):
        pytest.skip(f"MUTAG is not in the mirror: {capsys.readouterr().err}")
    out = capsys.readouterr().out
    assert "[1/1] mutag-gcn-none: " in out and "| mutag | gcn   | none   | " in out
