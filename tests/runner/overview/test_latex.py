"""LaTeX tables: the best in bold, the second underlined, paired tests, chosen on validation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from written_runs import write_run

from gnnlab import cli
from gnnlab.runner.overview.latex import latex
from gnnlab.runner.overview.overlap import known_share
from gnnlab.runner.overview.pivot import pivot
from gnnlab.runner.overview.read_runs import read_runs
from gnnlab.runner.reports.paired_test import corrected_t_test

BEST, NEAR, FAR = [0.80, 0.82, 0.81], [0.79, 0.825, 0.80], [0.60, 0.62, 0.61]


def table(home: Path, rows: str = "", columns: str = "data.name", share: float | None = 0.0) -> str:
    return latex(pivot(read_runs(home), rows, columns, share=lambda run: share))


def cells(text: str) -> dict[str, list[str]]:
    """The cells of a table's body by the name of the row."""
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
    lines = [line.removesuffix(r" \\").split(" & ") for line in body.strip().splitlines()]
    return {line[0]: line[1:] for line in lines}


def test_marks_the_best_the_second_and_what_cannot_be_told_from_the_best(tmp_path: Path) -> None:
    for name, tests in (("GCN", BEST), ("SAGE", NEAR), ("GAT_sep", FAR)):
        write_run(tmp_path / name, tests, model=name)
    write_run(tmp_path / "other", [0.5, 0.7, 0.9], data="other", model="GCN")
    text = table(tmp_path)
    assert cells(text) == {
        "GCN": [r"$\mathbf{81.00} \pm 1.00$", r"$\mathbf{70.00} \pm 20.00$"],
        "SAGE": [r"$\underline{80.50} \pm 1.80^{\dagger}$", "--"],
        r"GAT\_sep": [r"$61.00 \pm 1.00$", "--"],
    }
    assert "over $n = 3$ runs" in text and "accuracy in percent" in text
    assert all(rf"\{rule}rule" in text for rule in ("top", "mid", "bottom"))
    assert text.count("{") == text.count("}") and "{lcc}" in text


def test_the_paired_test_is_corrected_by_the_overlap(tmp_path: Path) -> None:
    for name, tests in (("GCN", BEST), ("SAGE", NEAR)):
        write_run(tmp_path / name, tests, model=name)
    apart = [a - b for a, b in zip(NEAR, BEST, strict=True)]
    for share in (0.0, 0.5, 2.0):
        found = pivot(read_runs(tmp_path), share=lambda run, share=share: share)
        assert found.cells["SAGE", "csbm"].p == corrected_t_test(apart, share)
    unknown = table(tmp_path, share=None)
    assert "dagger" not in unknown and "Not tested, since" in unknown and "csbm." in unknown


def test_the_overlap_is_the_runs_own_or_that_of_its_data(tmp_path: Path) -> None:
    write_run(tmp_path / "a", BEST, data="gone", epochs=3, share=0.25)
    write_run(tmp_path / "b", BEST, data="gone", epochs=3)
    write_run(tmp_path / "c", BEST, data="karate")
    write_run(tmp_path / "d", BEST, data="gone")
    found = {run.name: known_share(run) for run in read_runs(tmp_path)}
    assert found == {"a": 0.25, "b": None, "c": 0.5, "d": None}  # 8 test nodes, 16 of training


def test_runs_that_do_not_share_their_splits_and_seeds_are_not_compared(tmp_path: Path) -> None:
    write_run(tmp_path / "a", BEST, model="GCN")
    write_run(tmp_path / "b", NEAR, model="SAGE", by_seed=True)
    text = table(tmp_path)
    assert "dagger" not in text and "Not tested" not in text
    shutil.rmtree(tmp_path / "a")
    # On one split alone seeds differ: the ordinary test, and nobody need know the overlap.
    write_run(tmp_path / "a", BEST, model="GCN", by_seed=True)
    assert "dagger" in table(tmp_path, share=None)


def test_where_less_is_better_the_least_is_best_in_its_own_digits(tmp_path: Path) -> None:
    for name, tests in (("GCN", [0.5, 0.6]), ("SAGE", [0.1, 0.2]), ("GIN", [0.9, 0.9])):
        write_run(tmp_path / name, tests, model=name, metric="mae")
    found = cells(table(tmp_path))
    assert found["SAGE"] == [r"$\mathbf{0.1500} \pm 0.0707$"]
    assert found["GCN"][0].startswith(r"$\underline{0.5500}") and "bf" not in found["GIN"][0]


def test_means_that_are_printed_alike_are_marked_alike(tmp_path: Path) -> None:
    for name, tests in (("GCN", [0.5]), ("SAGE", [0.500001]), ("GIN", [0.4])):
        write_run(tmp_path / name, tests, model=name)
    text = table(tmp_path)
    found = cells(text)
    assert found["GCN"] == found["SAGE"] == [r"$\mathbf{50.00}$"]
    assert found["GIN"] == [r"$\underline{40.00}$"] and "One run each ($n = 1$)" in text


def test_of_several_settings_validation_chooses(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [0.9], valid=0.5, settings={"training.lr": 0.1})
    write_run(tmp_path / "b", [0.6], valid=0.7, settings={"training.lr": 0.01})
    text = table(tmp_path)
    assert cells(text)["GCN"] == [r"$\mathbf{60.00}$"] and "best on validation" in text
    by_rate = cells(table(tmp_path, "training.lr"))
    assert by_rate == {"0.1": [r"$\mathbf{90.00}$"], "0.01": [r"$\underline{60.00}$"]}
    with pytest.raises(ValueError, match="no run has a setting 'lr'; these differ: training.lr"):
        table(tmp_path, "lr")


def test_scores_of_two_metrics_do_not_share_a_column(tmp_path: Path) -> None:
    for metric in ("accuracy", "roc_auc"):
        write_run(tmp_path / metric, [0.5], metric=metric, settings={"task.metric": metric})
    with pytest.raises(ValueError, match="scored by accuracy and by roc_auc, which do not compare"):
        table(tmp_path)
    assert "csbm, roc\\_auc" in table(tmp_path, columns="data.name,task.metric")


def test_what_is_not_chosen_or_not_scored_is_left_out(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [None, 0.5])
    with pytest.raises(ValueError, match="none of the runs has a test score"):
        table(tmp_path)


def test_the_command_lays_out_by_what_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "a", [0.5], rewiring="FoSR")
    write_run(tmp_path / "runs" / "b", [0.6])
    words = ["report", "runs", "--latex", "table.tex"]
    assert cli.main(words) == 0
    assert set(cells(Path("table.tex").read_text())) == {"GCN, FoSR", "GCN, none"}
    assert cli.main([*words, "--pivot", "rewiring.name", "model.name"]) == 0
    assert set(cells(Path("table.tex").read_text())) == {"FoSR", "none"}


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not here")
def test_pdflatex_takes_it(tmp_path: Path) -> None:
    for name in ("a_b", r"50% & \more {#}", "x^2~$"):
        write_run(tmp_path / "runs" / str(len(name)), BEST, model=name)
    text = table(tmp_path / "runs")
    whole = (
        rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{text}\end{{document}}"
    )
    (tmp_path / "page.tex").write_text(whole)
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True).returncode == 0


def test_every_special_letter_is_escaped(tmp_path: Path) -> None:
    write_run(tmp_path / "a", BEST, model=r"50% & \x {#} ~^$_")
    text = table(tmp_path).split(r"\midrule")[1]
    bare = re.findall(r"(?<!\\)[%#_~^]", text.partition(" & $")[0])
    assert bare == [] and r"50\% \& \textbackslash{}x \{\#\}" in text
