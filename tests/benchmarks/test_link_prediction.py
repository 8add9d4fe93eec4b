"""The page of link prediction: the runs that are there, heuristics, and words that follow."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import networkx as nx
import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.runner import configure, recipe
from gnnlab.runner.runs.results import append_result
from gnnlab.runner.runs.run_toml import describe
from gnnlab.tasks import LinkSplit

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STUDY = """
papers = ["ncn", "heart"]
sets = ["cora"]
[heuristics]
cn = { name = "cn" }
aa = { name = "aa" }
[published.cora]
cn = { mean = 33.92, std = 0.46 }
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("link_prediction")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Data:
    """A small world with a few lone nodes, in Cora's place."""
    graph = nx.watts_strogatz_graph(320, 6, 0.1, seed=0)
    ends = torch.tensor(list(graph.edges)).T
    x = torch.rand(330, 8, generator=torch.Generator().manual_seed(0))
    found = Data(x=x, edge_index=torch.cat([ends, ends.flip(0)], 1))
    monkeypatch.setattr(datasets, "load", lambda *_, **__: found)
    return found


def write_run(out: Path, name: str, tests: list[float], also: float = 0.25) -> None:
    """What a recipe leaves behind, with scores that are made up."""
    config = configure(recipe(name).settings)
    folder = out / config.label()
    folder.mkdir(parents=True)
    describe(config, folder, name)
    pairs = [(split, seed) for split in config.run.splits for seed in config.run.seeds]
    others = {f"{part} {m}": also for part in ("valid", "test") for m in config.task["also"]}
    row = {
        "task": "link", "data": "cora", "model": config.model["name"], "rewiring": "none",
        "metric": config.task["metric"], "valid": 0.5, "epoch": 3, "seconds": 2.0,
        "parameters": 12345, "peak_memory_bytes": 1, "others": others,
    }  # fmt: skip
    for (split, seed), test in zip(pairs, tests, strict=False):
        append_result(folder, {**row, "split": split, "seed": seed, "test": test})


def page(bench: ModuleType, tmp_path: Path, *more: str) -> tuple[dict[str, Any], str]:
    study, out, text = (tmp_path / name for name in ("study.toml", "found.json", "page.md"))
    study.write_text(STUDY)
    command = ["--study", str(study), "--runs", str(tmp_path / "runs"), "--json", str(out)]
    bench.main([*command, "--page", str(text), *more])
    return json.loads(out.read_text()), text.read_text()


def test_reads_what_was_run_and_names_what_was_not(
    bench: ModuleType, small: Data, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    write_run(out, "ncn/cora", [0.90, 0.88] * 5)
    write_run(out, "ncn/cora-gcn", [0.70, 0.66, 0.68])
    write_run(out, "heart/cora-ncn", [0.14, 0.16] * 5)
    write_run(out, "heart/cora-gcn", [0.17, 0.19] * 5)
    found, text = page(bench, tmp_path)
    rows = {row["recipe"]: row for row in found["trained"]}
    assert set(rows) == {"ncn/cora", "ncn/cora-gcn", "heart/cora-ncn", "heart/cora-gcn"}
    own = rows["ncn/cora"]
    assert own["scores"]["hits@100"]["mean"] == pytest.approx(0.89)
    assert own["scores"]["hits@100"]["std"] == pytest.approx(0.01 * (10 / 9) ** 0.5)
    assert own["scores"]["hits@50"] == {"mean": 0.25, "std": 0}
    assert own["apart"] == pytest.approx((89 - 89.05) / 0.96)
    assert own["published"] == {"mean": 89.05, "std": 0.96} and own["differs"] == []
    assert rows["heart/cora-gcn"]["published"] is rows["heart/cora-gcn"]["apart"] is None
    lines = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    cells = {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}
    assert cells["PureGNN + NCN"] == [
        "89.05 ± 0.96", "89.00 ± 1.05", "-0.05", "15.00 ± 1.05", "25.00 ± 0.00"
    ]  # fmt: skip
    assert cells["GCN + MLP"][:3] == ["66.79 ± 1.65", "68.00 ± 2.00", "+0.73"]
    assert "uniform negatives have `PureGNN + NCN`, `GCN + MLP`; hard ones have `GCN" in text
    assert "21.00 points of Hits@100 behind `PureGNN + NCN`, more than the std" in text
    assert "3.00 points of MRR ahead of `PureGNN + NCN`, more than the std" in text
    assert "`ncn/cora-gcn`: 3 of 10 runs are there" in text
    assert "- `ncn/cora-gae`, `ncn/cora-ncnc`, `ncn/cora-sage`: not run." in text
    assert "3 runs (splits [0, 1, 2]) of the recipe's 10" in text
    assert "- ncn: The release writes weights" in text


def test_heuristics_are_what_counting_gives(bench: ModuleType, small: Data, tmp_path: Path) -> None:
    found, text = page(bench, tmp_path)
    uniform, hard = found["heuristics"]
    assert (uniform["paper"], hard["paper"], found["trained"]) == ("ncn", "heart", [])
    at = {(row["heuristic"], row["reads"]): row for row in uniform["rows"]}
    expected: dict[str, list[float]] = {"training links": [], "validation links too": []}
    sharing = []
    for seed in range(10):
        split = LinkSplit.ncn(small, seed)
        for reads, own in expected.items():
            graph = nx.Graph(split.train_positive.T.tolist())
            graph.add_nodes_from(range(330))
            if reads != "training links":
                graph.add_edges_from(split.valid_positive.T.tolist())
            positive, negative = (
                [len(list(nx.common_neighbors(graph, u, v))) for u, v in pairs.T.tolist()]
                for pairs in (split.test_positive, split.test_negative)
            )
            bar = sorted(negative)[-100]
            own.append(sum(count > bar for count in positive) / len(positive))
            if reads == "training links":
                sharing.append(sum(count > 0 for count in negative))
    for reads, own in expected.items():
        assert at["cn", reads]["tests"] == pytest.approx(own)
        assert at["aa", reads]["tests"] == at["cn", reads]["tests"]
    assert at["cn", "training links, largest component"]["runs"] == 10
    assert ("aa", "training links, largest component") not in at
    assert uniform["overlap"]["negative_sharing"] == pytest.approx(sum(sharing) / 10)
    assert hard["rows"][0]["runs"] == 1 and hard["overlap"]["against"] == 500
    assert "have the same Hits@100 on 10 of 10 splits" in text
    assert f"best of {len(small.edge_index[0]) // 10} uniform negatives" in text


def test_judges_heuristics_once_and_again_where_asked_or_changed(
    bench: ModuleType, small: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(bench, tmp_path)
    judged: list[str] = []

    def noted(block: Any, config: Any, study: Any) -> Any:
        judged.append(block["paper"])
        raise FileNotFoundError

    monkeypatch.setattr(bench, "judged", noted)
    assert len(page(bench, tmp_path)[0]["heuristics"]) == 2 and not judged
    assert not page(bench, tmp_path, "--again")[0]["heuristics"]
    assert judged == ["ncn", "heart"]
    assert "beside `ncn/cora`: the data was not at hand" in (tmp_path / "page.md").read_text()
    with pytest.raises(SystemExit, match="'pubmed' is no set of the page"):
        page(bench, tmp_path, "--sets", "pubmed")


def test_of_two_runs_the_recipe_s_own_settings_count(bench: ModuleType, tmp_path: Path) -> None:
    write_run(tmp_path, "heart/cora-gcn", [0.2])
    changed = configure(recipe("heart/cora-gcn").settings, ["training.lr=0.5"])
    (folder := tmp_path / changed.label()).mkdir()
    describe(changed, folder, "heart/cora-gcn")
    usual = tmp_path / configure(recipe("heart/cora-gcn").settings).label()
    row = json.loads((usual / "results.jsonl").read_text())
    for seed in (0, 1):
        append_result(folder, {**row, "seed": seed, "test": 0.4})
    assert bench.shown(tmp_path, ["heart/cora-gcn"])["heart/cora-gcn"].folder == usual


def test_says_where_weights_of_common_neighbours_begin_to_matter(bench: ModuleType) -> None:
    findings = importlib.import_module("link_findings")
    rows = [
        {"heuristic": name, "reads": "links", "tests": tests}
        for name, tests in (("cn", [0.3, 0.3]), ("ra", [0.3, 0.4]))
    ]
    block = {
        "rows": rows, "reads": ["links"], "metrics": ["hits@100"], "splits": [0, 1],
        "overlap": {"negative_sharing": 150.0, "positive": 10, "positive_sharing": 3},
    }  # fmt: skip
    assert findings.coincidence(block) == (
        "CN and RA have the same Hits@100 on 1 of 2 splits: 150.0 of the negatives share a "
        "neighbour in the mean"
    )
    block["overlap"]["negative_sharing"] = 99.0
    assert "however that is weighed; 30.0% of the links have one" in findings.coincidence(block)


def test_a_lead_within_the_spread_is_called_so(bench: ModuleType) -> None:
    compared = importlib.import_module("link_findings").compared
    one, other = (
        {"model": model, "runs": 10, "scores": {"mrr": {"mean": mean, "std": 0.02}}}
        for model, mean in (("GCN + MLP", 0.17), ("PureGNN + NCN", 0.16))
    )
    told = "1.00 points of MRR ahead of `PureGNN + NCN`, which is within the larger std of the two"
    assert compared(one, other) == f"is {told}"
    assert "1.00 points of MRR behind `GCN + MLP`" in compared(other, one)
    assert "of single runs" in compared({**one, "runs": 1}, other)


def test_tells_what_the_encoder_reaches_without_common_neighbours(bench: ModuleType) -> None:
    ends_alone = importlib.import_module("link_findings").ends_alone
    rows = [
        {"model": model, "runs": 10, "scores": {"hits@100": {"mean": mean, "std": 0.01}}}
        for model, mean in (("PureGNN + NCN", 0.89), ("PureGNN + MLP", 0.9), ("GCN + MLP", 0.7))
    ]
    (told,) = ends_alone("ncn", rows)
    assert told.startswith("Against uniform negatives the same encoder without, `PureGNN + MLP`, ")
    assert "is 1.00 points of Hits@100 ahead of `PureGNN + NCN`" in told
    assert not list(ends_alone("ncn", rows[1:]))
