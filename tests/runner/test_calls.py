"""``gnnlab.run``: what the command line writes, from Python, with objects in the place of names."""

from __future__ import annotations

import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import own_parts_module
import pytest
import torch
from torch import nn
from torch_geometric import nn as pyg
from torch_geometric.transforms import AddSelfLoops

import gnnlab
from gnnlab import datasets, rewiring
from gnnlab.cli import main
from gnnlab.runner import configure, read_results

SHORT: dict[str, Any] = {"training": {"epochs": 2}}


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A user's module, imported."""
    from importlib import import_module

    name = f"mine_{uuid.uuid4().hex}"
    own_parts_module.write(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield import_module(name)
    sys.modules.pop(name, None)


def test_it_returns_what_the_command_line_writes(mine: Any) -> None:
    done = gnnlab.run(SHORT, data=mine.ring, model=mine.Net, seeds=[0, 1])
    assert list(done.rows) == read_results(done.folder) and done.summary.runs == 2
    words = ["--data", f"{mine.__name__}:ring", "--model", f"{mine.__name__}:Net"]
    assert main(["run", *words, "--set", "training.epochs=2", "--seeds", "2"]) == 0
    assert list(Path("runs").iterdir()) == [done.folder]  # the same run, by the same name
    again = gnnlab.run(done.folder / "run.toml")
    assert again.rows == done.rows and again.config == done.config


def test_a_recipe_a_file_and_a_config_are_settings(tmp_path: Path) -> None:
    tiny = ["model.hidden_channels=8", "training.epochs=2", "data.rows=12", "data.columns=12"]
    name = "main/minesweeper-gcn-small"
    done = gnnlab.run(name, set=tiny, splits=[0], out=tmp_path)
    about = tomllib.loads((done.folder / "run.toml").read_text())
    assert about["recipe"]["name"] == name
    assert gnnlab.run(done.config, out=tmp_path).rows == done.rows
    file = tmp_path / "small.toml"
    file.write_text('[data]\nname = "karate"\n[model]\nname = "gcn"\n[training]\nepochs = 2\n')
    assert gnnlab.run(file, out=tmp_path).rows[0]["data"] == "karate"
    with pytest.raises(ValueError, match="config is an int, but it must be tables of settings"):
        gnnlab.run(3)  # type: ignore[arg-type]


def test_data_are_known_by_their_numbers(mine: Any) -> None:
    data = mine.ring()
    one = gnnlab.run(SHORT, data=data, model="gcn")
    assert gnnlab.run(SHORT, data=data.clone(), model="gcn").rows == one.rows
    other = data.clone()
    other.x = other.x.clone()
    other.x[3, 2] += 1
    assert gnnlab.run(SHORT, data=other, model="gcn").folder != one.folder
    many = mine.rings()
    set_of_graphs = gnnlab.run(SHORT, data=many, model="gin")
    assert set_of_graphs.rows[0]["task"] == "graph" and set_of_graphs.rows[0]["data"] == "rings"
    fewer = many.with_graphs(graph.clone() for graph in many)
    fewer.graphs[0].y = 1 - fewer.graphs[0].y
    assert gnnlab.run(SHORT, data=fewer, model="gin").folder != set_of_graphs.folder


def test_modules_are_trained_anew_and_known_by_what_they_are_made_of(mine: Any) -> None:
    torch.manual_seed(0)
    module = pyg.GCN(5, 8, 2)
    before = [p.clone() for p in module.parameters()]
    one = gnnlab.run(SHORT, data=mine.ring, model=module)
    torch.manual_seed(1)
    same = gnnlab.run(SHORT, data=mine.ring, model=pyg.GCN(5, 8, 2))
    assert same.folder == one.folder  # weights are drawn from the seed, whatever they were
    assert gnnlab.run(SHORT, data=mine.ring, model=pyg.GCN(5, 9, 2)).folder != one.folder
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


def test_functions_are_known_by_what_they_hold(mine: Any) -> None:
    def maker(width: int) -> Any:
        return lambda: pyg.GCN(5, width, 2)

    found = {width: gnnlab.run(SHORT, data=mine.ring, model=maker(width)) for width in (4, 6)}
    assert found[4].folder != found[6].folder
    assert found[4].rows[0]["parameters"] < found[6].rows[0]["parameters"]
    assert gnnlab.run(SHORT, data=mine.ring, model=maker(4)).rows == found[4].rows


def test_a_class_without_an_import_path_takes_settings(mine: Any) -> None:
    class Local(nn.Module):
        def __init__(self, in_channels: int, out_channels: int, width: int = 3) -> None:
            super().__init__()
            self.maps = nn.Sequential(nn.Linear(in_channels, width), nn.Linear(width, out_channels))

        def forward(self, data: Any) -> Any:
            return self.maps(data.x)

    done = gnnlab.run(SHORT, data=mine.ring, model=Local, set=["model.width=7"])
    assert done.rows[0]["model"] == "Local" and done.rows[0]["parameters"] == 5 * 7 + 7 + 7 + 1
    with pytest.raises(ValueError, match="unknown key 'model.wdth'; did you mean 'width'"):
        gnnlab.run(SHORT, data=mine.ring, model=Local, set=["model.wdth=7"])
    with pytest.raises(ValueError, match="model was an object in Python, which no file holds"):
        gnnlab.run(done.folder / "run.toml")
    assert gnnlab.run(done.folder / "run.toml", model=Local).rows == done.rows
    assert main(["report", "runs", "--page", "page.md"]) == 0  # nothing is imported for it
    assert f"`{done.folder.name}`: no recipe" in Path("page.md").read_text()


def test_rewirings_are_classes_objects_and_functions(mine: Any) -> None:
    def kept(data: Any) -> Any:
        data.edge_index = data.edge_index[:, :4]
        return data

    settings = {**SHORT, "data": {"name": f"{mine.__name__}:ring"}, "model": {"name": "gcn"}}
    names = {
        "FoSR": rewiring.FoSR(3),
        f"{mine.__name__}:Chord": mine.Chord(3),
        f"{mine.__name__}:without_edges": mine.without_edges,
        "AddSelfLoops": AddSelfLoops(),
        "kept": kept,
    }
    found = {name: gnnlab.run(settings, rewiring=thing) for name, thing in names.items()}
    assert [done.rows[0]["rewiring"] for done in found.values()] == list(names)
    assert len({done.folder for done in found.values()}) == len(names)
    named = configure({**settings, "rewiring": {"name": "fosr", "num_edges": 3}})
    assert found["FoSR"].config == named
    with pytest.raises(
        ValueError, match="lambda gives an int, but a rewiring turns a graph into a gra"
    ):
        gnnlab.run(settings, rewiring=lambda data: 3)


@pytest.mark.slow
def test_objects_are_sent_to_processes_or_refused(mine: Any) -> None:
    data = mine.ring()
    done = gnnlab.run(SHORT, data=data, model=pyg.GCN(5, 8, 2), seeds=[0, 1, 2], jobs=2)
    assert [row["seed"] for row in done.rows] == [0, 1, 2]


def test_what_cannot_be_sent_to_a_process_is_refused(mine: Any) -> None:
    with pytest.raises(ValueError, match="model cannot be sent to another process .* jobs=1"):
        gnnlab.run(SHORT, data=mine.ring, model=lambda: pyg.GCN(5, 8, 2), jobs=2)
    with pytest.raises(ValueError, match="data.nodes is 3, but data was given as a Data"):
        gnnlab.run(SHORT, data=mine.ring(), model="gcn", set=["data.nodes=3"])
    assert not Path("runs").exists()


def test_all_splits_are_those_of_the_data(mine: Any) -> None:
    karate = {"data": {"name": "karate"}, "model": {"name": "gcn"}, "run": {"splits": "all"}}
    data: Any = datasets.load("karate")
    assert configure(karate).run.splits == tuple(range(data.train_mask.shape[1]))
    one = gnnlab.run(SHORT, data=mine.ring, model="gcn", splits="all")
    assert [row["split"] for row in one.rows] == [0]
    with pytest.raises(ValueError, match="run.splits is 'all', but data has no masks"):
        gnnlab.run(SHORT, data=mine.bare(), model="gcn", splits="all")
