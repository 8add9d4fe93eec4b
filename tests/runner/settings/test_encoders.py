"""Encodings by settings, and categories that a dataset holds: what stands before the encoder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import layers, rewiring
from gnnlab.contracts.graph_arguments import edge_width
from gnnlab.datasets import Graphs
from gnnlab.datasets.chemistry.codes import ATOMS, BONDS
from gnnlab.datasets.values.masks import stratified
from gnnlab.layers import WithInputs
from gnnlab.runner import configure
from gnnlab.runner.runs.data import load_data
from gnnlab.runner.runs.encoder import make_encoder
from gnnlab.runner.runs.results import read_results
from gnnlab.runner.runs.run import run
from gnnlab.runner.runs.run_toml import read_about, settings_of
from gnnlab.runner.settings.config import Config

BASE = {
    "data": {"name": "karate"},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 2},
    "training": {"epochs": 2},
}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def config(*overrides: str) -> Config:
    return configure(BASE, list(overrides))


def test_runs_without_an_encoding_keep_their_names() -> None:
    assert "encoding" not in config().model
    assert config().key() != config("model.encoding.name=laplacian").key()


def test_settings_are_whole_and_spellings_one() -> None:
    found = config("model.encoding.name=Random-Walk").model["encoding"]
    assert found == {
        "name": "random_walk", "k": 20, "channels": 16, "num_layers": 1, "batch_norm": False,
        "combine": "concat",
    }  # fmt: skip
    found = config("model.encoding={name='laplacian', channels=4}").model["encoding"]
    assert (found["k"], found["channels"], found["signs"]) == (10, 4, "flip")
    one, other = (
        config("model.encoding.name=randomwalk"),
        config("model.encoding={name='random_walk', k=20, num_layers=1}"),
    )
    assert one == other and one.label() == other.label()


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("model.encoding=3", "model.encoding is 3, but it must be a table with a name"),
        ("model.encoding.k=3", "it must be a table with a name"),
        ("model.encoding.name=laplace", "unknown encoding 'laplace'; did you mean laplacian?"),
        (
            "model.encoding={name='laplacian', chanels=3}",
            "unknown key 'model.encoding.chanels'; did you mean 'channels'?",
        ),
        ("model.encoding={name='laplacian', k=0}", "k is 0"),
        ("model.encoding={name='laplacian', signs='none'}", "signs is 'none', which is none of"),
        ("model.encoding={name='random_walk', signs='flip'}", "encodings have no signs: leave it"),
        ("model.edge_dim=3", "unknown key 'model.edge_dim'"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(override: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        config(override)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["laplacian", "random_walk"])
@pytest.mark.parametrize("model", ["gine", "dagnn", "connection_sheaf"])
def test_a_run_trains_with_it_and_reads_its_settings_again(
    model: str, name: str, tmp_path: Path
) -> None:
    told = config(f"model={{name='{model}', hidden_channels=8}}", f"model.encoding.name={name}")
    folder = run(told, tmp_path / "runs")
    assert len(read_results(folder)) == 1
    assert configure(settings_of(read_about(folder))) == told


def test_the_graph_comes_encoded_and_fit_computes_nothing_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = config("model.encoding={name='random_walk', k=4}", "rewiring={name='fosr', num_edges=3}")
    data = load_data(told)
    assert data.random_walk_pe.shape == (34, 4) and int(data.edge_type.max()) == 1
    expected = load_data(config("rewiring={name='fosr', num_edges=3}"))
    encoder = make_encoder(told, data)()
    assert isinstance(encoder, WithInputs)
    transform = encoder.inputs[0].encoding
    assert torch.equal(transform(expected).random_walk_pe, data.random_walk_pe)  # of the new edges
    assert list(home.glob("rewired/RandomWalkPE-*"))
    monkeypatch.setattr(type(transform), "rows", lambda *_: pytest.fail("computed again"))
    assert encoder.transform(data).random_walk_pe is data.random_walk_pe


def molecules() -> Graphs:
    made = []
    for number in range(20):
        random, nodes = torch.Generator().manual_seed(number), 4 + number % 3
        ring = torch.arange(nodes)
        data = Data(edge_index=torch.cat([torch.stack([ring, ring.roll(1)])] * 2, 1))
        data.edge_index[:, nodes:] = data.edge_index[:, nodes:].flip(0)
        codes = [torch.randint(size, (nodes,), generator=random) for size in ATOMS]
        data.x, data.y = torch.stack(codes, 1).float(), torch.tensor([number % 2])
        bonds = [torch.randint(size, (2 * nodes,), generator=random) for size in BONDS]
        data.edge_attr = torch.stack(bonds, 1)
        made.append(data)
    masks = stratified(torch.arange(20) % 2, 1, (0.5, 0.25), 0)
    return Graphs(tuple(made), masks, 2, "small", x_sizes=ATOMS, edge_sizes=BONDS)


def steps(name: str, data: Any, *overrides: str) -> tuple[Any, list[str]]:
    told = config(f"model={{name='{name}', hidden_channels=8, num_layers=2}}", *overrides)
    encoder = make_encoder(told, data)()
    inputs = getattr(encoder, "inputs", [])
    return getattr(encoder, "encoder", encoder), [type(step).__name__ for step in inputs]


def test_codes_of_atoms_and_bonds_are_embedded_for_every_encoder() -> None:
    data = molecules()
    encoder, names = steps("gcn", data)
    assert names == ["NodeCategories"] and encoder.in_channels == 8
    encoder, names = steps("gine", data, "model.encoding.name=laplacian")
    assert names == ["NodeCategories", "PositionalEncoder"] and encoder.in_channels == 24
    assert encoder.convs[0].neighbours.edges.sizes == BONDS
    whole = make_encoder(config("model={name='gine', hidden_channels=8}"), data)()
    assert whole(data[0]).shape == (4, 8)


class Edged(layers.GIN):
    """A stand-in that reads floating attributes of edges."""

    from_graph = {"edge_dim": edge_width}

    def __init__(self, in_channels: int, hidden_channels: int, *, edge_dim: int | None = None):
        super().__init__(in_channels, hidden_channels, 2)
        self.edge_dim = edge_dim


def test_others_that_read_edges_get_codes_embedded_or_the_width(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layers, "Edged", Edged, raising=False)
    monkeypatch.setattr(layers, "__all__", [*layers.__all__, "Edged"])
    told = config("model={name='edged', hidden_channels=8}")
    encoder = make_encoder(told, molecules())()
    assert encoder.encoder.edge_dim == 8
    assert [type(step).__name__ for step in encoder.inputs] == ["NodeCategories", "EdgeCategories"]
    data = load_data(config())
    assert make_encoder(told, data)().edge_dim is None
    data.edge_attr = torch.ones(data.num_edges, 3)
    assert make_encoder(told, data)().edge_dim == 3


def test_apply_takes_encodings_as_it_takes_rewirings() -> None:
    from gnnlab.structure.transforms import LaplacianPE

    graphs = rewiring.apply(LaplacianPE(2), molecules(), progress=False)
    assert all(data.laplacian_eigenvector_pe.shape == (len(data.x), 2) for data in graphs)


def test_pna_is_scaled_by_the_degrees_of_the_graphs_it_runs_on() -> None:
    data = molecules()
    encoder, names = steps("pna", data)
    assert names == ["NodeCategories", "EdgeCategories"]
    assert encoder.convs[0].delta == pytest.approx(math.log(3))  # rings: two neighbours each
    rewired = load_data(config("rewiring={name='random-edges', add=30}"))
    encoder, _ = steps("pna", rewired)
    assert encoder.convs[1].delta == layers.average_log_degree([rewired])
    with pytest.raises(ValueError, match="average_log_degree"):
        config("model={name='pna', hidden_channels=8, average_log_degree=2.0}")
