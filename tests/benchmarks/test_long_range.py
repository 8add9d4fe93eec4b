"""The script of rings and roads: every point is a run, and the page follows from the runs."""

from __future__ import annotations

import importlib
import json
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

from gnnlab import layers, rewiring
from gnnlab.runner import configure
from gnnlab.tasks.graph.readout import Pooling

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STUDY = """
[rings]
values = [4, 8]
lr = [1e-2, 1e-4]
rewired = "gcn"
[rings.task]
name = "graph"
readout = "mean"
[rings.data]
name = "ring-transfer"
graphs = 50
classes = 2
splits = 1
[rings.training]
epochs = 2
[rings.run]
seeds = [0, 1]
[rings.models]
gcn = { name = "gcn", hidden_channels = 4 }
[rings.every]
settings = { hidden_channels = 8, dropout = 0.0, heads = 2 }
DAGNN = { depth = "hops" }
[rings.rewirings]
random = { name = "random-edges", add = 1 }
[roads]
sets = ["karate"]
values = [1, 3]
[roads.task]
name = "node"
[roads.training]
epochs = 3
[roads.run]
seeds = [0, 1]
[roads.look]
nodes = 6
max_hop = 5
[roads.models]
far = { name = "dagnn", depth = "hops", hidden_channels = 4 }
deep = { name = "gcn", block = "plain", hidden_channels = 4 }
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("long_range")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def shared(bench: ModuleType) -> ModuleType:
    return importlib.import_module("points")


def of_the_bench(bench: ModuleType, **more: bool) -> list[Any]:
    table = tomllib.loads((FOLDER / "long_range.toml").read_text())
    return [*bench.rings(table, **more), *bench.roads(table)]


def test_every_point_of_the_study_can_be_configured(bench: ModuleType) -> None:
    if "root" not in get_args(Pooling) or "DRew" not in layers.encoders():
        pytest.skip("the readout at a root and DRew are not there")
    points = of_the_bench(bench, encoders=True, rewirings=True)
    configs = [configure(settings) for point in points for settings in point.settings]
    keys = {config.key() for config in configs}
    # The curves of --encoders hold what the named ones hold as well.
    assert len(keys) > 0.9 * len(configs)
    ring = next(point for point in points if point.name == "rings-drew-70")
    assert [s["model"]["num_layers"] for s in ring.settings] == [35, 35]
    assert len({s["training"]["lr"] for s in ring.settings}) == 2


def test_points_have_names_of_their_own_and_depths_as_asked(bench: ModuleType) -> None:
    points = of_the_bench(bench, encoders=True, rewirings=True)
    assert len({point.name for point in points}) == len(points)
    rings = [point for point in points if point.part == "rings"]
    assert {point.at for point in rings} >= {10, 70}
    for point in rings:
        for settings in point.settings:
            model = settings["model"]
            deep = "hops" if model["name"] in ("DAGNN", "APPNP", "ResNetSGC") else "num_layers"
            assert model[deep] == point.at // 2 == settings["data"]["nodes"] // 2
    roads = [point for point in points if point.part == "roads"]
    assert {point.at for point in roads} == {2, 4, 8, 16, 32}
    assert {point.curve for point in roads} >= {"gcn", "sage", "dagnn", "drew", "sheaf"}
    far = {point.data for point in roads if not point.data.endswith("-local")}
    assert {point.data for point in roads} == far | {f"{name}-local" for name in far}
    assert all(point.look for point in roads) and not any(point.look for point in rings)


def test_encoders_and_rewirings_are_all_there(bench: ModuleType) -> None:
    points = of_the_bench(bench, encoders=True, rewirings=True)
    curves = {point.curve for point in points}
    of_nodes = {name: cls for name, cls in layers.encoders().items() if cls.level == "node"}
    reading = {name for name, cls in of_nodes.items() if not cls.transductive}
    assert {f"every-{name.lower()}" for name in reading} <= curves
    table = tomllib.loads((FOLDER / "long_range.toml").read_text())["rings"]["rewirings"]
    named = {rewiring.find(method["name"]).__name__ for method in table.values()}
    # Identity changes nothing; hops and paths add no edges, and what reads them has a curve.
    assert named | {"Identity", "Hops", "Paths"} >= set(rewiring.rewirings())


def test_words_choose_points(bench: ModuleType, shared: ModuleType) -> None:
    points = of_the_bench(bench)
    assert {p.curve for p in shared.chosen(points, ["rings-gcn"])} == {"gcn"}
    assert [p.name for p in shared.chosen(points, ["roads-minnesota-local-gcn-8"])] == [
        "roads-minnesota-local-gcn-8"
    ]
    assert shared.chosen(points, []) == points
    with pytest.raises(SystemExit, match="'rings-gnc' names no point"):
        shared.chosen(points, ["rings-gnc"])


def test_trains_every_point_once_and_writes_points_and_page(
    bench: ModuleType, study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, points, page = tmp_path / "runs", tmp_path / "points.json", tmp_path / "page.md"
    command = ["--study", str(study), "--out", str(out), "--rewirings"]
    for _ in range(2):  # the second time nothing is trained
        bench.main([*command, "--json", str(points), "--page", str(page)])
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 16 and printed[:8] == printed[8:]  # seconds and all
    rows = json.loads(points.read_text())
    assert [(row["curve"], row["at"]) for row in rows] == [
        ("gcn", 4), ("gcn", 8), ("on-random", 4), ("on-random", 8),
        ("far", 1), ("far", 3), ("deep", 1), ("deep", 3),
    ]  # fmt: skip
    for row in rows:
        folder = out / row["folder"]
        lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
        assert len(lines) == row["runs"] == 2
        tests = [line["test"] for line in lines]
        assert row["mean"] == pytest.approx(sum(tests) / 2) and row["lowest"] == min(tests)
        looks = (folder / "range.jsonl").is_file()
        assert looks == (row["part"] == "roads")
    far = {row["at"]: row for row in rows if row["curve"] == "far"}
    assert far[1]["by_hop"][2:] == [0] * 4 and sum(far[1]["by_hop"]) == pytest.approx(1, abs=1e-4)
    assert far[1]["range"] < far[3]["range"] < 5
    text = page.read_text()
    assert "| gcn       | " in text and "n = 8" in text and "### karate: far label" in text
    assert "- `far`: best at depth" in text and "sha256" in text
    assert "over\n2 seeds" in text and "learning rates 0.01 and 0.0001" in text
    assert "right in\n50%" in text and "- `gcn`: a GCN of Kipf and Welling." in text


def test_of_two_learning_rates_the_one_better_on_validation_is_reported(
    bench: ModuleType, study: Path, tmp_path: Path
) -> None:
    table = tomllib.loads(study.read_text())
    point = next(bench.rings(table))
    row = bench.measured(point, tmp_path / "runs", [])
    valid = {}
    for settings in point.settings:
        found = bench.trained(point, settings, tmp_path / "runs", [], "long-range")
        lr, rows = found.config.training["lr"], found.rows
        valid[lr] = sum(line["valid"] for line in rows) / len(rows)
    assert len(valid) == 2 and valid[row["lr"]] == max(valid.values()) == row["valid"]


@pytest.mark.slow
def test_points_side_by_side_are_those_one_after_the_other(
    bench: ModuleType, study: Path, tmp_path: Path
) -> None:
    files = [tmp_path / f"{jobs}.json" for jobs in (1, 2)]
    for jobs, file in enumerate(files, start=1):
        bench.main(
            ["--study", str(study), "--out", str(tmp_path / str(jobs)), "--jobs", str(jobs)]
            + ["--json", str(file), "--only", "roads-deep"]
        )
    one, two = (json.loads(file.read_text()) for file in files)
    for a, b in zip(one, two, strict=True):
        assert {k: a[k] for k in a if k != "seconds"} == {k: b[k] for k in b if k != "seconds"}


def test_a_range_that_was_measured_otherwise_is_refused(
    bench: ModuleType, study: Path, tmp_path: Path
) -> None:
    command = ["--study", str(study), "--out", str(tmp_path / "runs"), "--only", "roads-deep-1"]
    bench.main(command)
    study.write_text(STUDY.replace("nodes = 6", "nodes = 7"))
    with pytest.raises(ValueError, match="delete the folder and run again"):
        bench.main(command)


def row(at: int, lowest: float, **more: Any) -> dict[str, Any]:
    return {"at": at, "lowest": lowest, "mean": lowest, **more}


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({10: 1.0, 16: 1.0}, "solves every ring, n = 10 to 16"),
        ({10: 1.0, 16: 0.94, 22: 0.2}, "solves rings up to n = 10"),
        ({10: 0.2, 16: 0.2}, "solves not the smallest ring"),
        (
            {10: 1.0, 16: 0.2, 22: 1.0},
            "solves rings up to n = 10; beyond n = 16, which it does not solve, also 22",
        ),
    ],
)
def test_reach_follows_from_the_scores(
    bench: ModuleType, scores: dict[int, float], said: str
) -> None:
    page = importlib.import_module("long_range_page")
    assert page.reach([row(at, lowest) for at, lowest in scores.items()]) == said


def test_growth_names_the_best_depth_and_both_ends(bench: ModuleType) -> None:
    page = importlib.import_module("long_range_page")
    points = [row(8, 0.5, range=3.0), row(2, 0.4, range=1.25), row(32, 0.3, range=4.5)]
    assert page.growth(points) == (
        "best at depth 8 (50.0%); range 1.25 at depth 2, 4.50 at depth 32"
    )


def test_the_growth_of_either_label_s_range_is_told(bench: ModuleType) -> None:
    page = importlib.import_module("long_range_page")
    grown = {"A": {"gcn": 2.0, "drew": 3.0}, "A-local": {"gcn": 1.5, "drew": 0.5}}
    rows = [
        {"data": data, "curve": curve, "at": at, "range": length}
        for data, curves in grown.items()
        for curve, by in curves.items()
        for at, length in ((2, 1.0), (8, 1.0 + by))
    ]
    assert page.contrast(rows, "A") == (
        "from depth 2 to 8 the range grows by 2.50 hops for the far label and by 1.00 for the near "
        "one, in the mean over models: `gcn` +2.00 and +1.50; `drew` +3.00 and +0.50. At least "
        "twice as much for the far label: `drew`; of any other model it says how deep the model "
        "is, and not what the label asks for"
    )


def test_the_figure_is_drawn_of_the_points(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib").use("agg")
    shared = {"std": 0.1, "range_std": 0.1, "by_hop": [0.5, 0.5, 0.0]}
    rows = [
        row(at, 0.5, part=part, data=data, curve="gcn", range=2.0, **shared)
        for part, data in (("rings", "ring-transfer"), ("roads", "A"), ("roads", "A-local"))
        for at in (2, 4)
    ]
    (tmp_path / "long_range.json").write_text(json.dumps(rows))
    monkeypatch.syspath_prepend(str(FOLDER.parent / "docs"))
    draw = importlib.import_module("draw_long_range")
    monkeypatch.setattr(draw, "HERE", tmp_path)
    draw.main()
    assert (tmp_path / "long_range.png").stat().st_size > 10_000
