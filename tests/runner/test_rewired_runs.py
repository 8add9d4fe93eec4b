"""``--rewiring`` in runs: resolved, hashed, applied before training, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from gnnlab import cli, datasets, rewiring
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.data import load_data
from gnnlab.runner.runs.encoder import make_encoder
from gnnlab.runner.runs.run_toml import read_about, settings_of

SETTINGS: dict[str, Any] = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 60},
    "model": {"name": "rgcn", "hidden_channels": 8, "num_layers": 2},
    "training": {"lr": 0.01, "epochs": 3},
    "run": {"splits": [0, 1]},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_defaults_are_filled_in_and_two_spellings_are_one_run() -> None:
    one = configure(SETTINGS, ["rewiring.name='borf'"])
    assert one.rewiring == {
        "name": "BORF", "fill": 0.0, "batches": 3, "add": 0.1, "remove": 0.05, "alpha": 0.0,
    }  # fmt: skip
    other = configure(SETTINGS, ["rewiring={name='BORF', alpha=0, add=0.1}"])
    assert one == other and one.label() == other.label()
    assert one.label().startswith("csbm-rgcn-borf-")
    assert one.key() != configure(SETTINGS, ["rewiring={name='borf', add=21}"]).key()
    before = configure(SETTINGS, ["rewiring={name='borf', add=20, remove=10}"])  # once defaults
    assert before.label() == "csbm-rgcn-borf-8f1803d75bfa"
    none = configure(SETTINGS, ["rewiring.name='None'"])
    assert none == configure(SETTINGS) and none.rewiring == {"name": "none"}


def test_a_rewiring_among_the_settings_is_resolved_too() -> None:
    text = "rewiring={name='random-edges', like={name='laser', rho=1}}"
    config = configure(SETTINGS, [text])
    assert config.rewiring["like"] == {
        "name": "LASER", "fill": 0.0, "snapshots": 3, "rho": 1.0, "walk_length": 8, "seed": 0,
    }  # fmt: skip
    data = load_data(config)
    same = rewiring.LASER(3, rho=1.0)(datasets.load(**config.data))
    assert data.edge_index.shape == same.edge_index.shape
    assert data["num_edge_types"] == 3


def test_the_graph_is_rewired_and_the_encoder_knows_its_types(home: Path) -> None:
    config = configure(SETTINGS, ["rewiring={name='laser', snapshots=4}"])
    data = load_data(config)
    plain = datasets.load(**config.data)
    expected = rewiring.LASER(4)(plain)
    assert torch.equal(data.edge_index, expected.edge_index)
    assert torch.equal(data.edge_type, expected.edge_type)
    assert torch.equal(data.train_mask, plain.train_mask)
    assert make_encoder(config, data)().convs[0].neighbours.weight.shape[0] == 4
    assert make_encoder(config, plain)().convs[0].neighbours.weight.shape[0] == 1
    assert list((home / "rewired").glob("LASER-*/*.npz"))


def test_lines_and_run_toml_name_it(tmp_path: Path) -> None:
    config = configure(SETTINGS, ["rewiring={name='fosr', num_edges=30}"])
    folder = run(config, tmp_path)
    rows = read_results(folder)
    assert [(row["rewiring"], row["split"]) for row in rows] == [("FoSR", 0), ("FoSR", 1)]
    about = read_about(folder)
    assert about["rewiring"]["num_edges"] == 30
    assert configure(settings_of(about)).label() == folder.name
    plain = run(configure(SETTINGS), tmp_path)
    assert plain != folder and read_results(plain)[0]["rewiring"] == "none"


@pytest.mark.slow
def test_another_process_rewires_alike(tmp_path: Path) -> None:
    config = configure(SETTINGS, ["rewiring={name='random-edges', add=40}"])
    found = []
    for jobs in (1, 2):
        rows = read_results(run(config, tmp_path / str(jobs), jobs=jobs))
        found.append([(row["valid"], row["test"]) for row in rows])
    assert found[0] == found[1]


def test_hops_are_stored_and_named_as_they_are_listed(home: Path, tmp_path: Path) -> None:
    config = configure(SETTINGS, ["rewiring={name='hops', max_hop=2}"])
    assert config.rewiring == {"name": "Hops", "max_hop": 2}
    data = load_data(config)
    assert rewiring.AddHops(2).holds(data)
    assert torch.equal(data.edge_index, datasets.load(**config.data).edge_index)
    assert list((home / "rewired").glob("AddHops-*/*.npz"))
    folder = run(config, tmp_path)
    assert folder.name.startswith("csbm-rgcn-hops-")
    rows, plain = read_results(folder), read_results(run(configure(SETTINGS), tmp_path))
    assert {row["rewiring"] for row in rows} == {"Hops"}
    for key in ("valid", "test", "parameters"):  # R-GCN sees edge_index alone
        assert [row[key] for row in rows] == [row[key] for row in plain]


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "--data", "karate", "--model", "gin", "--rewiring", "gtr", "--out"]
    words += [str(tmp_path), "--set", "training.epochs=2"]
    assert cli.main(words) == 2
    assert "rewiring.num_edges is missing" in capsys.readouterr().err
    assert cli.main([*words, "--set", "rewiring.num_edges=3"]) == 0
    out = capsys.readouterr().out
    assert "| GTR " in out and "karate-gin-gtr-" in out
