"""PyG's own loaders as the oracle, fed with the same raw files."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import networkx
import pytest
import torch
from torch_geometric.transforms import NormalizeFeatures
from torch_geometric.utils import to_networkx

from gnnlab.datasets import FlawWarning, load
from gnnlab.datasets.values.edge_lists import simple


@pytest.mark.parametrize("name", ["cora", "citeseer"])
@pytest.mark.parametrize("split", ["public", "geom-gcn"])
def test_planetoid_is_what_pyg_reads(mirror: Path, tmp_path: Path, name: str, split: str) -> None:
    from torch_geometric.datasets import Planetoid

    raw = tmp_path / name / ("geom-gcn/raw" if split == "geom-gcn" else "raw")
    shutil.copytree(mirror / "planetoid" / name, raw)
    for file in (mirror / "geom_gcn" / name).glob("*.npz"):
        shutil.copy(file, raw)
    theirs, ours = Planetoid(str(tmp_path), name, split=split)[0], load(name, split=split)
    assert torch.equal(theirs.x, ours.x)
    assert torch.equal(theirs.y, ours.y)
    assert torch.equal(simple(theirs.edge_index, len(ours.y)), ours.edge_index)
    for key in ("train_mask", "val_mask", "test_mask"):
        assert torch.equal(theirs[key].view(len(ours.y), -1), ours[key])


def test_minesweeper_is_what_pyg_reads(mirror: Path, tmp_path: Path) -> None:
    from torch_geometric.datasets import HeterophilousGraphDataset

    raw = tmp_path / "minesweeper" / "raw"
    shutil.copytree(mirror / "heterophilous" / "minesweeper", raw)
    theirs = HeterophilousGraphDataset(str(tmp_path), "Minesweeper")[0]
    ours = load("minesweeper")
    for key in ("x", "y", "edge_index", "train_mask", "val_mask", "test_mask"):
        assert torch.equal(theirs[key], ours[key])


def test_film_is_what_pyg_reads(mirror: Path, tmp_path: Path) -> None:
    from torch_geometric.datasets import Actor
    from torch_geometric.utils import to_undirected

    shutil.copytree(mirror / "geom_gcn" / "film", tmp_path / "raw")
    theirs, ours = Actor(str(tmp_path))[0], load("film")
    for key in ("x", "y", "train_mask", "val_mask", "test_mask"):
        assert torch.equal(theirs[key], ours[key])
    assert torch.equal(to_undirected(theirs.edge_index), ours.edge_index)


@pytest.mark.parametrize("name", ["brazil", "usa"])
def test_airports_are_what_pyg_reads(mirror: Path, tmp_path: Path, name: str) -> None:
    from torch_geometric.datasets import Airports
    from torch_geometric.utils import to_undirected

    shutil.copytree(mirror / "airports" / name, tmp_path / name / "raw")
    theirs, ours = Airports(str(tmp_path), name)[0], load(name)
    assert torch.equal(theirs.y, ours.y)
    assert torch.equal(to_undirected(theirs.edge_index), ours.edge_index)


def test_facebook_is_what_pyg_reads(mirror: Path, tmp_path: Path) -> None:
    from torch_geometric.datasets import LINKXDataset

    raw = tmp_path / "reed98" / "raw"
    raw.mkdir(parents=True)
    shutil.copy(mirror / "fb100" / "Reed98" / "Reed98.mat", raw / "data.mat")
    theirs, ours = LINKXDataset(str(tmp_path), "reed98")[0], load("Reed98")
    assert torch.equal(theirs.y, ours.y)
    assert torch.equal(theirs.x, ours.x)
    assert torch.equal(simple(theirs.edge_index, len(ours.y)), ours.edge_index)


def test_every_number_of_a_seeded_split_is_reproducible(mirror: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlawWarning)
        one, two = load("squirrel", split="random:7"), load("squirrel", split="random", seed=7)
    assert one.split == two.split == "random:7"
    assert torch.equal(one.train_mask, two.train_mask)
    share = one.train_mask.float().mean(0)
    assert bool(((share - 0.5).abs() < 0.01).all())


def test_few_labels_of_a_real_graph(mirror: Path) -> None:
    one, two = load("cora", split="planetoid:7"), load("cora", split="planetoid", seed=7)
    assert one.split == two.split == "planetoid:7" and torch.equal(one.val_mask, two.val_mask)
    assert one.train_mask.sum(0).tolist() == [140] * 100
    assert one.test_mask.sum(0).tolist() == [1000] * 100


def test_few_labels_lie_in_the_largest_component(mirror: Path) -> None:
    data = load("cora", split="shchur:0")
    graph = to_networkx(data, to_undirected=True)
    inside = torch.zeros(data.num_nodes, dtype=torch.bool)
    inside[list(max(networkx.connected_components(graph), key=len))] = True
    assert int(inside.sum()) == 2485
    used = data.train_mask | data.val_mask | data.test_mask
    assert torch.equal(used, inside[:, None].expand(-1, 100))
    assert (data.train_mask.sum(0).unique().tolist(), data.val_mask.sum(0).unique().tolist()) == (
        [140],
        [210],
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_normalised_features_equal_pyg_s(mirror: Path, sparse: bool) -> None:
    ours = load("citeseer", normalize_features=True, sparse_features=sparse)
    theirs = NormalizeFeatures()(load("citeseer"))
    torch.testing.assert_close(ours.x.to_dense() if sparse else ours.x, theirs.x)
