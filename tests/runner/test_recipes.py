"""Recipes carry the paper's numbers, and every one can be configured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch_geometric.data import Batch, Data

from gnnlab import datasets
from gnnlab.datasets.folds import folds
from gnnlab.datasets.splits import stratified
from gnnlab.molecules import ATOMS, BONDS, ZINC_ATOMS, ZINC_BONDS
from gnnlab.runner import configure, recipe, recipe_names
from gnnlab.runner.run import load_data, make_encoder, make_task

SETS = ("roman-empire", "amazon-ratings", "minesweeper", "tolokers", "questions")
# Test scores as the release's stored notebook prints them: mean and std in the order of SETS.
PAPER = """
resnet      65.88 0.38  45.90 0.52  50.89 1.39  72.95 1.06  70.34 0.76
resnet-sgc  73.90 0.51  50.66 0.48  70.88 0.90  80.70 0.97  75.81 0.96
resnet-adj  52.25 0.40  51.83 0.57  50.42 0.83  78.78 1.11  75.77 1.24
gcn         73.69 0.74  48.70 0.63  89.75 0.52  83.64 0.67  76.09 1.27
sage        85.74 0.67  53.63 0.39  93.51 0.57  82.43 0.44  76.44 0.62
gat         80.87 0.30  49.09 0.63  92.01 0.68  83.70 0.47  77.43 1.20
gat-sep     88.75 0.41  52.70 0.62  93.91 0.35  83.78 0.43  76.79 0.71
gt          86.51 0.73  51.17 0.66  91.85 0.76  83.23 0.64  77.95 0.68
gt-sep      87.32 0.39  52.18 0.80  92.29 0.47  82.52 0.92  78.05 0.93
"""


@pytest.mark.parametrize("row", PAPER.strip().splitlines())
def test_holds_the_published_table(row: str) -> None:
    model, *numbers = row.split()
    for i, name in enumerate(SETS):
        made = recipe(f"platonov/{name}-{model}")
        assert (made.mean, made.std) == (float(numbers[2 * i]), float(numbers[2 * i + 1]))
        training = made.settings["training"]
        assert (training["lr"], training["epochs"], training["optimizer"]) == (3e-5, 1000, "adamw")
        assert made.settings["model"]["hidden_channels"] == 512
        assert made.settings["run"]["splits"] == list(range(10))


@pytest.mark.parametrize("name", recipe_names())
def test_can_be_configured_and_names_a_known_set(name: str) -> None:
    made = recipe(name)
    config = configure(made.settings)
    assert config.data["name"] in datasets.names()
    assert made.paper.protocol and made.paper.link.startswith("https://")


@pytest.mark.parametrize("name", [name for name in recipe_names() if name.endswith("-small")])
def test_a_smaller_budget_has_no_number_to_compare_with(name: str) -> None:
    assert recipe(name).mean is None


def test_covers_the_small_sets_with_four_models_each() -> None:
    for name in ("actor", "chameleon-filtered", "cornell", "squirrel-filtered"):
        for model in ("gat-sep", "gcn", "resnet", "sage"):
            assert recipe(f"platonov/{name}-{model}-small").settings["run"]["splits"][-1] == 9


def test_offers_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="unknown recipe 'platonov/mineswepper-gcn'; did you mean"):
        recipe("platonov/mineswepper-gcn")


# Mean and std, weight decay, hops, dropout, kind of split.
DAGNN = """
cora              84.4 0.5  5e-3 10 0.8  public
citeseer          73.3 0.6  2e-2 10 0.5  public
pubmed            80.5 0.5  5e-3 20 0.8  public
cora-random       83.7 1.4  5e-3 10 0.8  planetoid
citeseer-random   71.2 1.4  2e-2 10 0.5  planetoid
pubmed-random     80.1 1.7  5e-3 20 0.8  planetoid
coauthor-cs       92.8 0.9  0 5 0.8  shchur
coauthor-physics  94.0 0.6  0 5 0.8  shchur
amazon-computers  84.5 1.2  5e-5 5 0.5  shchur
amazon-photo      92.0 0.8  5e-4 5 0.5  shchur
"""


@pytest.mark.parametrize("row", DAGNN.strip().splitlines())
def test_holds_the_settings_of_dagnn(row: str) -> None:
    name, mean, std, decay, hops, dropout, split = row.split()
    made = recipe(f"dagnn/{name}")
    config = configure(made.settings)
    assert (made.mean, made.std) == (float(mean), float(std))
    assert config.model == {
        "name": "DAGNN", "hidden_channels": 64, "num_layers": 2, "dropout": float(dropout),
        "hops": int(hops),
    }  # fmt: skip
    training = config.training
    assert (training["optimizer"], training["lr"], training["select"], training["stop"]) == (
        "adam", 1e-2, "loss", "rising",
    )  # fmt: skip
    assert training["weight_decay"] == float(decay)
    long = name == "amazon-computers"
    assert (training["epochs"], training["patience"]) == ((3000, 300) if long else (1000, 100))
    assert config.data["normalize_features"] and config.data["split"].startswith(split)
    assert len(config.run.splits) * len(config.run.seeds) == 100
    assert (len(config.run.seeds) == 100) == (split == "public")


def test_a_model_of_the_paper_s_name_goes_without_saying() -> None:
    assert len(recipe_names("dagnn/")) == len(DAGNN.strip().splitlines())
    assert not [name for name in recipe_names("dagnn/") if name.endswith("-dagnn")]


# Rows of the paper's table and of Barbero et al. whose settings are published, or are ours (actor).
SHEAVES = """
texas-orthogonal      85.95 5.51
texas-connection      86.16 2.24
wisconsin-orthogonal  89.41 4.74
wisconsin-connection  88.73 4.47
cornell-diag          86.49 7.35
cornell-connection    85.95 7.72
chameleon-diag        68.68 1.73
chameleon-connection  65.21 2.04
squirrel-orthogonal   56.34 1.32
squirrel-connection   45.19 1.57
actor-orthogonal      37.81 1.15
actor-connection      37.91 1.28
"""


@pytest.mark.parametrize("row", SHEAVES.strip().splitlines())
def test_holds_the_published_sheaves_and_their_protocol(row: str) -> None:
    name, mean, std = row.split()
    made = recipe(f"nsd/{name}")
    assert (made.mean, made.std, made.paper.ddof) == (float(mean), float(std), 0)
    assert made.settings["data"]["normalize_features"] and made.settings["training"]["patience"]
    assert made.settings["training"]["optimizer"] == "adam"
    by = "loss" if name.split("-")[0] in ("texas", "wisconsin", "cornell") else "metric"
    assert made.settings["training"]["select"] == by


def test_every_sheaf_has_its_controls_beside_it() -> None:
    names = set(recipe_names("nsd"))
    for name in names:
        place = name.rpartition("-")[0]
        assert {f"{place}-{control}" for control in ("connection", "identity", "random")} <= names
        for control in ("identity", "random"):
            made = recipe(f"{place}-{control}")
            assert made.settings["model"]["maps"] == control and made.mean is None


@pytest.mark.parametrize("name", recipe_names("nsd"))
def test_sheaf_recipes_build_models_whose_groups_exist(name: str) -> None:
    from gnnlab import layers, tasks
    from gnnlab.tasks.optimizer import parameter_groups

    config = configure(recipe(name).settings)
    settings = {key: value for key, value in config.model.items() if key != "name"}
    encoder = layers.find(config.model["name"])(7, **settings)
    groups = parameter_groups(tasks.Model(encoder, 5), tasks.Training(**config.training))
    assert len(groups) == (2 if config.training.get("groups") else 1)


# Mean, std, and how many parameters the releases' models have, counted from their code; in round
# numbers where they were not counted.
LONG_RANGE = """
lrgb/peptides-func-gcn               68.60  0.50   485741
lrgb/peptides-func-gine              66.21  0.67   490966
lrgb/peptides-func-gatedgcn          67.65  0.47   492521
lrgb/peptides-struct-gcn             0.2460 0.0007 488061
lrgb/peptides-struct-gine            0.2473 0.0017 492301
lrgb/peptides-struct-gatedgcn        0.2477 0.0009 445051
drew/peptides-func-gcn               69.96  0.76   517786
drew/peptides-func-gcn-lappe         71.50  0.44   502250
drew/peptides-func-gin               69.40  0.74   514322
drew/peptides-func-gin-lappe         71.26  0.45   500000
drew/peptides-func-gatedgcn          67.33  0.94   490000
drew/peptides-func-gatedgcn-lappe    69.77  0.26   490000
drew/peptides-struct-gcn             0.2781 0.0028 498179
drew/peptides-struct-gcn-lappe       0.2536 0.0015 494851
drew/peptides-struct-gin-lappe       0.2606 0.0014 500000
drew/peptides-struct-gatedgcn-lappe  0.2539 0.0007 490000
laser/peptides-func-rgcn             64.40  0.10   500000
laser/peptides-struct-rgcn           0.3043 0.0019 500000
lrgb/pascalvoc-sp-gcn                20.78  0.31   490829
lrgb/pascalvoc-sp-gine               27.18  0.54   450391
lrgb/pascalvoc-sp-gatedgcn           38.80  0.40   472741
lrgb/coco-sp-gcn                     13.38  0.07   356106
lrgb/coco-sp-gine                    21.25  0.09   408861
lrgb/coco-sp-gatedgcn                29.22  0.18   450441
drew/pascalvoc-sp-gatedgcn           32.14  0.21   500000
drew/pascalvoc-sp-gatedgcn-lappe     33.14  0.24   500000
"""


def twin(name: str) -> datasets.Graphs:
    """Rings in the place of the benchmark's graphs, with their codes or pixels and targets."""
    masks = stratified(torch.zeros(20, dtype=torch.int64), 1)
    if name.endswith("SP"):
        classes = 21 if name == "PascalVOC-SP" else 81
        graphs = [superpixels(number, classes) for number in range(20)]
        return datasets.Graphs(tuple(graphs), masks, classes, name)
    labels = name.endswith("func")
    random, ring, graphs = torch.Generator().manual_seed(0), torch.arange(8), []
    ends = torch.stack([ring, ring.roll(1)])
    for _ in range(20):
        x = torch.stack([torch.randint(size, (8,), generator=random) for size in ATOMS], 1)
        attr = torch.stack([torch.randint(size, (16,), generator=random) for size in BONDS], 1)
        y = torch.randn(1, 10 if labels else 11, generator=random)
        edge_index = torch.cat([ends, ends.flip(0)], 1)
        y = (y > 0).float() if labels else y
        graphs.append(Data(x=x.float(), edge_index=edge_index, edge_attr=attr, y=y))
    sizes = {"x_sizes": ATOMS, "edge_sizes": BONDS}
    return datasets.Graphs(tuple(graphs), masks, y.shape[1], name, **sizes)


def superpixels(number: int, classes: int) -> Data:
    random, ring = torch.Generator().manual_seed(number), torch.arange(90)
    ends = torch.stack([ring, ring.roll(1)])
    x, attr = torch.rand(90, 14, generator=random), torch.rand(180, 2, generator=random)
    edge_index, y = torch.cat([ends, ends.flip(0)], 1), (ring + number) % classes
    return Data(x=x, edge_index=edge_index, edge_attr=attr, y=y)


@pytest.mark.parametrize("row", LONG_RANGE.strip().splitlines())
def test_long_range_recipes_build_models_of_the_published_size(
    row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    name, mean, std, count = row.split()
    made = recipe(name)
    config = configure(made.settings)
    assert (made.mean, made.std) == (float(mean), float(std))
    monkeypatch.setattr(datasets, "load", lambda name, **_: twin(name))
    data = load_data(config)
    problem = make_task(config).setup(data, 0)
    model = problem.model(make_encoder(config, data)())
    found = sum(p.numel() for p in model.parameters())
    near = min(abs(found / float(count) - 1), abs(found / 500_000 - 1))
    assert near < 0.02 and found < 520_000
    unused = [n for n, p in model.named_parameters() if not p.requires_grad]
    assert not unused and config.run.seeds == (0, 1, 2, 3)
    encoder = model.encoder
    whole = data.map(encoder.transform) if hasattr(encoder, "transform") else data
    rows = 3 if config.task.name == "graph" else 270
    assert model.eval()(Batch.from_data_list(whole[:3])).shape == (rows, data.classes)


def test_the_tuned_head_has_three_layers_and_gelu() -> None:
    for name in recipe_names("lrgb/peptides"):
        task = configure(recipe(name).settings).task
        assert (task.head_layers, task.head_dropout, task.head_activation) == (3, 0.1, "gelu")


def test_every_long_range_recipe_is_in_the_table() -> None:
    told = {row.split()[0] for row in LONG_RANGE.strip().splitlines()}
    assert told == {name for paper in ("lrgb", "drew", "laser") for name in recipe_names(paper)}


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
    whole = data.map(encoder.transform) if hasattr(encoder, "transform") else data
    rows = 72 if config.task.name == "node" else 3
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
