"""The benchmark runs, and writes what it says it writes; no time is judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("speed")  # what its tests share is made once
ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, str]:
    """What one run over a tiny graph writes and prints."""
    folder = tmp_path_factory.mktemp("speed")
    files = ["--json", str(folder / "new.json"), "--page", str(folder / "page.md")]
    run = subprocess.run(
        [sys.executable, "benchmarks/ops.py", "--tiny", "--rounds", "1", *files],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads((folder / "new.json").read_text())
    return found, (folder / "page.md").read_text(), run.stdout


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The benchmark's modules, which stand in a folder of scripts and not in a package."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and file.startswith(str(BENCHMARKS)):
            del sys.modules[name]


@pytest.mark.slow
def test_every_case_has_a_row_with_both_sides(written: tuple[dict[str, Any], str, str]) -> None:
    found, page, printed = written
    cases = [row["case"] for row in found["rows"]]
    assert len(cases) == len(set(cases)) == 14
    for row in found["rows"]:
        assert {"gnnlab", "PyG"} <= set(row["sides"])
        for side in row["sides"].values():
            assert 0 < side["forward_ms"] < side["both_ms"]
            middle, low, high = side["both_ratio"]
            assert 0 < low <= middle <= high
        assert row["case"] in page and row["case"] in printed
    assert found["machine"]["processor"] and found["versions"]["torch"]
    assert found["limits"][0]["gb_per_s"] > 0


@pytest.mark.slow
def test_ours_over_ours_is_one_and_the_floor_is_reported_for_sums(
    written: tuple[dict[str, Any], str, str],
) -> None:
    sides = {row["case"]: row["sides"]["gnnlab"] for row in written[0]["rows"]}
    assert all(side["both_ratio"] == [1, 1, 1] for side in sides.values())
    with_floor = {case for case, side in sides.items() if "floor_ms" in side}
    assert {"propagate sum", "propagate mean", "gcn_propagate"} <= with_floor
    assert not with_floor & {"propagate max", "edge_dot", "dropout of x"}
    assert all(sides[case]["floor_ms"] > sides[case]["gather_ms"] > 0 for case in with_floor)


def test_a_run_beside_itself_changed_by_nothing(
    scripts: None, written: tuple[dict[str, Any], str, str]
) -> None:
    table = import_module("compare").table(written[0], written[0])
    rows = [line.split("|") for line in table.splitlines()[2:]]
    assert len(rows) == 14
    assert {tuple(cell.strip() for cell in row[5:8]) for row in rows} == {("1.00", "1.00", "1.00")}


def test_comparison_takes_the_drift_of_the_machine_out(scripts: None) -> None:
    def sides(ours: float, theirs: float) -> dict[str, Any]:
        return {
            "gnnlab": {"both_ms": ours, "peak_mb": 3.0},
            "PyG": {"both_ms": theirs, "peak_mb": None},
        }

    old, new = sides(8.0, 100.0), sides(2.0, 50.0)
    cells = import_module("compare").entry("g", "c", old, new)
    assert cells == ("g", "c", "8.00", "2.00", "4.00", "2.00", "2.00", "3 -> 3")


def test_a_side_that_computes_something_else_is_not_timed(scripts: None) -> None:
    torch = import_module("torch")
    check, Side = import_module("measure").check, import_module("inputs").Side
    x = torch.rand(4, 3, requires_grad=True)
    right, other = Side(lambda: x * x, [x]), Side(lambda: x * x.detach(), [x])
    check("case", {"gnnlab": right, "PyG": right})
    with pytest.raises(RuntimeError, match="case: PyG differs from gnnlab by"):
        check("case", {"gnnlab": right, "PyG": other})  # the same values, half the gradient


def test_a_large_graph_gets_propagate_alone(scripts: None) -> None:
    graphs, inputs = import_module("graphs"), import_module("inputs")
    tiny = graphs.TINY["tiny"]
    given = inputs.Inputs(graphs.build(tiny), tiny.nodes, 4, only_propagate=True)
    for name in ("ours", "pyg"):
        assert {case for case in import_module(f"peers.{name}").sides(given)} == {
            case for case in inputs.names(4) if "propagate" in case and "block" not in case
        }
    assert "value" not in vars(given) and "maps" not in vars(given)


def test_peak_memory_sees_what_a_step_allocates(scripts: None) -> None:
    torch = import_module("torch")
    peak, result = import_module("memory").peak_megabytes(lambda: torch.ones(8_000_000).sum())
    assert result == 8_000_000
    if peak is not None:  # Linux
        assert 30 < peak < 64


def test_parity_counts_tests_by_backend(scripts: None, tmp_path: Path) -> None:
    cases = (
        '<testcase name="test_a[torch-plain]"/>',
        '<testcase name="test_a[plain-numba]"><failure/></testcase>',
        '<testcase name="test_a[torch_sparse]"><skipped/></testcase>',
        '<testcase name="test_b"/>',
    )
    report = tmp_path / "report.xml"
    report.write_text("<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>")
    counts = import_module("parity").counted(report)
    assert counts["torch"] == {"passed": 1, "failed": 0, "skipped": 0}
    assert counts["numba"]["failed"] == counts["torch_sparse"]["skipped"] == 1
    page = import_module("page").passed(
        {"versions": {"torch": "2"}, "command": "pytest", "backends": counts}
    )
    rows = [line.replace("|", " ").split() for line in page.splitlines()]
    assert ["torch_sparse", "0", "0", "1"] in rows
