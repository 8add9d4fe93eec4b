"""Recipes of graph sets carry the papers' numbers, and build models of the releases' sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch_geometric.data import Batch, Data

from gnnlab import datasets
from gnnlab.datasets.chemistry.codes import ZINC_ATOMS, ZINC_BONDS
from gnnlab.datasets.splits.folds import folds
from gnnlab.runner import configure, recipe, recipe_names
from gnnlab.runner.runs.data import load_data
from gnnlab.runner.runs.encoder import make_encoder, make_task

# Mean, std, and the parameters of the release's model, as its logs or leaderboards print them: less
# a column of the head, of width + 1, where two classes take one logit here. 0 where none is known.
GRAPH_LEVEL = """
pathnn/enzymes-sp-k2                  73.00  5.20    43782
pathnn/enzymes-sp-k3                  71.56  6.42    43910
pathnn/enzymes-sp-plus-k3             72.50  5.27    43910
pathnn/enzymes-sp-plus-k4             70.44  3.11    44038
pathnn/enzymes-ap-k3                  71.78  4.79    60486
pathnn/enzymes-ap-k4                  69.00  5.31    60678
pathnn/proteins-sp-k2                 75.20  3.93    42305
pathnn/proteins-sp-k4                 72.24  2.67    42561
pathnn/proteins-ap-k4                 73.13  4.01    59201
pathnn/nci1-sp-k2                     77.50  1.64    44481
pathnn/nci1-sp-k3                     82.00  1.60    44609
pathnn/nci1-sp-plus-k4                82.32  1.87    44737
pathnn/imdb-binary-sp-k2              72.60  3.28    46273
pathnn/imdb-multi-sp-k2               50.78  4.46    12771
pathnn/imdb-multi-ap-k3               49.84  4.19    17027
pathnn/zinc-sp                       0.1039 0.0024  497041
pathnn/zinc-sp-plus                  0.1315 0.0079  497041
pathnn/zinc-ap                       0.0897 0.0038  501621
sswl/zinc                            0.0821 0.0036       0
sswl/zinc-sswl-plus                  0.0697 0.0036       0
sswl/zinc-pswl-sv                    0.0752 0.0029       0
sswl/counting-triangle               0.0059 0.0003       0
sswl/counting-6-cycle-sswl           0.0190 0.0007       0
benchmarking-gnns/zinc-gcn            0.367  0.011  505079
benchmarking-gnns/zinc-gatedgcn       0.282  0.015  504309
benchmarking-gnns/zinc-gatedgcn-lappe 0.214  0.006  505011
benchmarking-gnns/pattern-gcn        71.892  0.334  500823
benchmarking-gnns/pattern-gatedgcn   85.568  0.088  502223
benchmarking-gnns/cluster-gcn        68.498  0.976  501687
benchmarking-gnns/cluster-gatedgcn-lappe 74.088 0.344 503473
benchmarking-gnns/mnist-gcn          90.705  0.218  101365
benchmarking-gnns/mnist-gatedgcn     97.340  0.143  104217
benchmarking-gnns/cifar10-gcn        55.710  0.381  101657
benchmarking-gnns/cifar10-gatedgcn   67.312  0.311  104357
"""
# Features, classes, sizes of codes of nodes and of edges, width of numbers on edges.
SHAPES: dict[str, tuple[int, int, tuple[int, ...], tuple[int, ...], int]] = {
    "ENZYMES": (21, 6, (), (), 0),
    "PROTEINS": (3, 2, (), (), 0),
    "NCI1": (37, 2, (), (), 0),
    "IMDB-BINARY": (65, 2, (), (), 0),
    "IMDB-MULTI": (59, 3, (), (), 0),
    "CSL": (1, 10, (), (), 0),
    "EXP": (2, 2, (), (), 0),
    "CEXP": (2, 2, (), (), 0),
    "counting": (1, 1, (), (), 0),
    "ZINC": (1, 1, ZINC_ATOMS, ZINC_BONDS, 0),
    "zinc12k_rebuilt": (1, 1, ZINC_ATOMS, ZINC_BONDS, 0),
    "PATTERN": (3, 2, (), (), 0),
    "CLUSTER": (7, 6, (), (), 0),
    "MNIST": (3, 10, (), (), 1),
    "CIFAR10": (5, 10, (), (), 1),
}


def shaped(name: str) -> datasets.Graphs:
    """Chords on rings with features, codes and targets as wide as those of a set of this name."""
    width, classes, x_sizes, edge_sizes, edge_width = SHAPES[name]
    random, ring, graphs = torch.Generator().manual_seed(0), torch.arange(24), []
    ends = torch.cat([torch.stack([ring, (ring + step) % 24]) for step in (1, 5)], 1)
    edge_index = torch.cat([ends, ends.flip(0)], 1)
    for number in range(40):
        x = torch.rand(24, width, generator=random)
        data = Data(x=x.round() if x_sizes else x, edge_index=edge_index)
        if edge_sizes:
            data.edge_attr = torch.randint(edge_sizes[0], (96, 1), generator=random)
        elif edge_width:
            data.edge_attr = torch.rand(96, edge_width, generator=random)
        data.y = torch.tensor([number % classes])
        if name in ("PATTERN", "CLUSTER"):
            data.y = (ring + number) % classes
        elif classes == 1:
            data.y = torch.rand(1, 1, generator=random)
        graphs.append(data)
    masks = folds(torch.arange(40) % max(classes, 2) % 3, 2)
    targets = ("number",) if classes == 1 else ()
    sizes = {"x_sizes": x_sizes, "edge_sizes": edge_sizes, "targets": targets}
    return datasets.Graphs(tuple(graphs), masks, classes, name, **sizes)


@pytest.mark.parametrize(
    "name", recipe_names("pathnn") + recipe_names("sswl") + recipe_names("benchmarking-gnns")
    + recipe_names("zinc"),
)  # fmt: skip
def test_recipes_of_graph_sets_build_models_that_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    made = recipe(name)
    config = configure(made.settings)
    monkeypatch.setattr(datasets, "load", lambda name, **_: shaped(name))
    data = load_data(config)
    problem = make_task(config).setup(data, 0)
    model = problem.model(make_encoder(config, data)())
    found = sum(p.numel() for p in model.parameters() if p.requires_grad)
    told = {row.split()[0]: row.split()[1:] for row in GRAPH_LEVEL.strip().splitlines()}
    if name in told:
        mean, std, count = map(float, told[name])
        assert (made.mean, made.std) == (mean, std)
        exact = name.startswith("pathnn") and count < 100_000
        assert not count or abs(found / count - 1) < (1e-9 if exact else 0.02)
    if "budget" in config.model:
        assert 0.95 < found / config.model["budget"] <= 1
    encoder = model.encoder
    whole = data.map(encoder.transform)
    rows = 72 if config.task["name"] == "node" else 3
    assert model.eval()(Batch.from_data_list(whole[:3])).shape[0] == rows


def test_tu_recipes_are_of_published_folds_with_a_control_beside_them() -> None:
    for name in ("enzymes", "proteins", "nci1", "imdb-binary", "imdb-multi"):
        names = set(recipe_names(f"pathnn/{name}-"))
        kinds = ("sp-k2", "sp-k3", "sp-plus-k3", "ap-k3", "gin")
        assert {f"pathnn/{name}-{kind}" for kind in kinds} <= names
        for each in names:
            config = configure(recipe(each).settings)
            assert config.data["split"] == "errica" and config.run.splits == tuple(range(10))
            assert config.training["patience"] == 100
            assert (recipe(each).mean is None) == each.endswith("-gin")
    features = configure(recipe("pathnn/enzymes-sp-k2").settings).data["features"]
    assert features == "labels+attributes"


def test_rebuilt_zinc_has_one_schedule_and_one_part_of_the_data_for_all() -> None:
    small = [configure(recipe(name).settings) for name in recipe_names("zinc/rebuilt-")]
    small = [config for config in small if config.model["budget"] == 100_000]
    assert len(small) == 5
    for config in small:
        assert config.data["sizes"] == [2000, 500, 500] and len(config.run.seeds) == 3
        assert config.training == small[0].training and config.training["epochs"] == 60
        assert config.task == small[0].task
