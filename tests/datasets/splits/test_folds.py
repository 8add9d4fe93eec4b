"""Folds over graphs: drawn ones are stratified, published ones are read as they were drawn."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets import FlawWarning, Graphs, folds
from gnnlab.datasets.readers.graphs.tagged import read_tagged
from gnnlab.datasets.splits.published_folds import read_folds, same_graphs

Y = torch.tensor([0, 1, 0, 1, 0, 1, 0, 0])


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    count=st.integers(2, 10),
    seed=st.integers(0, 99),
)
def test_every_graph_is_tested_once_and_classes_keep_their_shares(
    sizes: list[int], count: int, seed: int
) -> None:
    y = torch.cat([torch.full((size,), c) for c, size in enumerate(sizes)])
    if len(y) < count:
        with pytest.raises(ValueError, match=f"{len(y)} graphs cannot fill {count} folds"):
            folds(y, count, seed=seed)
        return
    masks = folds(y, count, seed=seed)
    assert bool((masks.test.sum(1) == 1).all())
    assert bool((masks.train.int() + masks.val.int() + masks.test.int() == 1).all())
    tested = masks.test.sum(0)
    assert int(tested.max() - tested.min()) <= 1
    for c, size in enumerate(sizes):
        own = masks.test[y == c].sum(0)
        assert int(own.max() - own.min()) <= 1
        rest, held = size - own, masks.val[y == c].sum(0)
        wanted = torch.where(rest > 1, (0.1 * rest).round().clamp(min=1), (0.1 * rest).round())
        assert torch.equal(held, wanted.long())


def test_folds_follow_from_the_seed_and_the_same_graph_has_many_validations() -> None:
    y = torch.arange(100) % 2
    one, same, other = folds(y, seed=3), folds(y, seed=3), folds(y, seed=4)
    assert torch.equal(one.val, same.val) and not torch.equal(one.test, other.test)
    assert torch.equal(folds(y, seed=np.random.default_rng(3)).test, one.test)
    assert one.sizes == (82, 8, 10)  # a tenth of 45 a class, rounded to even: 4


def test_a_class_of_fewer_graphs_than_folds_is_absent_from_some() -> None:
    y = torch.tensor([0] * 30 + [1] * 3)
    masks = folds(y, 10)
    assert masks.test[y == 1].sum(0).sort().values.tolist() == [0] * 7 + [1] * 3
    assert bool(masks.train[y == 1].any(0).all()) and bool(masks.val[y == 1].any(0).all())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 1}, "count is 1, but it must be a whole number of at least 2"),
        ({"held_out": 1.5}, "held_out is 1.5, but a share lies between 0 and 1"),
    ],
)
def test_settings_out_of_range_are_refused(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        folds(Y, **arguments)  # type: ignore[arg-type]


def selections(folder: Path) -> list[Path]:
    """Two folds of eight graphs, as Errica et al. store them."""
    rows = [
        {"test": [0, 1, 2, 3], "model_selection": [{"train": [4, 5, 7], "validation": [6]}]},
        {"test": [4, 5, 6, 7], "model_selection": [{"train": [0, 1], "validation": [2, 3]}]},
    ]
    (folder / "twin_splits.json").write_text(json.dumps(rows))
    return [folder / "twin_splits.json"]


def lines(folder: Path) -> list[Path]:
    """The same folds, a line each."""
    texts = {"train": "4,5,7\n0,1\n", "val": "6\n2,3\n", "test": "0,1,2,3\n4,5,6,7\n"}
    for part, text in texts.items():
        (folder / f"twin_{part}.index").write_text(text)
    return [folder / f"twin_{part}.index" for part in texts]


def pairs(folder: Path) -> list[Path]:
    """Folds of training and test graphs alone."""
    texts = {"train_idx-1": "4\n5\n6\n7\n", "train_idx-2": "0\n1\n2\n3\n"}
    texts |= {"test_idx-1": "0\n1\n2\n3\n", "test_idx-2": "4\n5\n6\n7"}
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return [folder / f"{name}.txt" for name in texts]


def members(mask: Tensor, split: int) -> list[int]:
    return mask[:, split].nonzero().flatten().tolist()


@pytest.mark.parametrize("write", [selections, lines])
def test_published_folds_come_back(write: object, tmp_path: Path) -> None:
    masks = read_folds(write(tmp_path), Y)  # type: ignore[operator]
    assert members(masks.train, 0) == [4, 5, 7] and members(masks.val, 0) == [6]
    assert members(masks.val, 1) == [2, 3] and members(masks.test, 1) == [4, 5, 6, 7]
    order = torch.tensor([7, 6, 5, 4, 3, 2, 1, 0])
    turned = read_folds(write(tmp_path), Y, order)  # type: ignore[operator]
    assert members(turned.val, 0) == [1] and members(turned.test, 0) == [4, 5, 6, 7]


def test_folds_without_a_validation_part_get_one_out_of_training(tmp_path: Path) -> None:
    masks = read_folds(pairs(tmp_path), Y)
    assert members(masks.test, 0) == [0, 1, 2, 3] and members(masks.test, 1) == [4, 5, 6, 7]
    # Of classes 0, 1, 0, 0 one of the zeros; of 0, 1, 0, 1 one of each.
    assert masks.val.sum(0).tolist() == [1, 2] and int(Y[masks.val[:, 0]]) == 0
    assert bool((masks.train | masks.val | masks.test).all())
    assert torch.equal(read_folds(pairs(tmp_path), Y).val, masks.val)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("twin_splits.json", "[{]", "as folds with a model selection each"),
        ("twin_splits.json", '[{"test": [1]}]', "as folds with a model selection each"),
        ("twin_splits.json", "3", "as folds with a model selection each"),
        ("twin_val.index", "6\n", "2, 1 and 2 lines"),
        ("twin_val.index", "6\n2,x\n", "as numbers of graphs"),
        ("twin_val.index", "6\n2,8\n", "as folds of 8 graphs .it names graph 8"),
        ("twin_val.index", "6\n-1\n", "it names graph -1"),
        ("train_idx-1.txt", "one\n", "as numbers of graphs"),
    ],
)
def test_damaged_fold_files_are_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    writers = {"json": selections, "index": lines, "txt": pairs}
    paths = writers[name.rpartition(".")[2]](tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_folds(paths, Y)


def test_lists_of_the_same_codes_are_paired() -> None:
    place = same_graphs([5, 3, 9, 3], [3, 9, 3, 5])
    assert place.tolist() == [1, 2, 3, 0]
    with pytest.raises(ValueError, match="drawn on other graphs"):
        same_graphs([1, 2], [1, 3])


TAGGED = "2\n3 5\n0 1 1\n2 2 0 2\n0 1 1\n1 -1\n7 0\n"


def test_tagged_graphs_are_read_and_damage_is_named(tmp_path: Path) -> None:
    file = tmp_path / "twin.txt"
    file.write_text(TAGGED)
    (first, alone), y = read_tagged(file)
    assert y.tolist() == [1, 0]
    assert first.x.tolist() == [[0], [2], [0]] and alone.x.tolist() == [[7]]
    assert first.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert alone.edge_index.shape == (2, 0)
    for text, message in [
        (TAGGED[:-4], "it ends early"),
        (TAGGED + "1", "goes on after the last graph"),
        (TAGGED.replace("2 2 0 2", "2 2 0 3"), "a graph of 3 nodes names another"),
        ("two", "invalid literal"),
        ("", "it ends early"),
    ]:
        file.write_text(text)
        with pytest.raises(ValueError, match=message):
            read_tagged(file)


def loaded(name: str, **given: str) -> Graphs:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FlawWarning)
            found = datasets.load(name, **given)
    except FileNotFoundError:
        pytest.skip(f"{name} with {given} is not in the mirror")
    assert isinstance(found, Graphs)
    return found


@pytest.mark.parametrize("name", ["MUTAG", "ENZYMES", "IMDB-MULTI"])
def test_ten_folds_are_the_usual_split_of_tu_sets(name: str) -> None:
    data = loaded(name)
    assert data.split == "folds:0" and data.train_mask.shape == (len(data), 10)
    assert torch.equal(data.test_mask, folds(data.y, seed=0).test)
    assert torch.equal(loaded(name, split="folds:7").val_mask, folds(data.y, seed=7).val)


@pytest.mark.parametrize(
    ("name", "sizes", "tested"),
    [
        ("ENZYMES", (486, 54, 60), 600),
        ("PROTEINS", (900, 101, 112), 1113),
        ("NCI1", (3328, 370, 412), 4110),
        ("IMDB-BINARY", (810, 90, 100), 1000),
    ],
)
def test_the_folds_of_errica(name: str, sizes: tuple[int, ...], tested: int) -> None:
    data = loaded(name, split="errica")
    assert data.masks.sizes == sizes and bool((data.test_mask.sum(1) == 1).all())
    share = torch.bincount(data.y).double() / len(data)
    for split in range(10):  # as stratified as can be only where numbers mean our graphs
        for mask in (data.test_mask, data.val_mask):
            counts = torch.bincount(data.y[mask[:, split]])
            assert bool(((counts - share * mask[:, split].sum()).abs() <= 1).all())
    assert int(data.test_mask.sum()) == tested


@pytest.mark.parametrize(
    ("name", "sizes"), [("ENZYMES", (480, 60, 60)), ("PROTEINS", (889, 112, 112))]
)
def test_the_folds_of_benchmarking_gnns(name: str, sizes: tuple[int, ...]) -> None:
    data = loaded(name, split="benchmarking-gnns")
    assert data.masks.sizes == sizes and data.test_mask.shape[1] == 10
    assert bool((data.train_mask | data.val_mask | data.test_mask).all())


@pytest.mark.parametrize(
    ("name", "tested"), [("PROTEINS", 1110), ("NCI1", 4110), ("IMDB-MULTI", 1500)]
)
def test_the_folds_of_dgcnn(name: str, tested: int) -> None:
    data = loaded(name, split="dgcnn")
    assert int(data.test_mask.sum()) == int(data.test_mask.any(1).sum()) == tested
    sizes = data.test_mask.sum(0)
    assert int(sizes.max() - sizes.min()) == 0
    assert bool(data.val_mask.any(0).all())


def test_the_folds_of_mutag_number_its_graphs_otherwise(mirror: Path) -> None:
    data = loaded("MUTAG", split="dgcnn")
    assert int(data.test_mask.any(1).sum()) == 180
    tagged, y = read_tagged(mirror / "tu/MUTAG/10fold_idx/MUTAG_graphs_in_fold_order.txt")
    ids = np.loadtxt(mirror / "tu/MUTAG/10fold_idx/test_idx-1.txt", dtype=int).tolist()
    kinds = [2, 5, 6, 3, 4, 1, 0]  # tags of the columns of x, by frequency

    def drawn(graph: Data, kind: list[int]) -> nx.Graph:
        found = nx.Graph(graph.edge_index.T.tolist())
        nx.set_node_attributes(found, dict(enumerate(kind)), "kind")
        return found

    same = nx.algorithms.isomorphism.categorical_node_match("kind", None)
    theirs = [drawn(tagged[i], tagged[i].x[:, 0].int().tolist()) for i in ids]
    for number in members(data.test_mask, 0):
        own = drawn(data[number], [kinds[k] for k in data[number].x.argmax(1).tolist()])
        match = next(i for i, g in enumerate(theirs) if nx.is_isomorphic(own, g, node_match=same))
        theirs.pop(match)
        assert int(y[ids.pop(match)]) == int(data[number].y)
    assert not theirs


def small(*labels: int) -> list[Data]:
    """Pairs of paths and triangles with the labels given, alternately."""
    shapes = [[[0, 1, 1, 2], [1, 0, 2, 1]], [[0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]]]
    return [
        Data(x=torch.ones(3, 1), edge_index=torch.tensor(shapes[i % 2]), y=torch.tensor([label]))
        for i, label in enumerate(labels)
    ]


def test_of_repeats_one_is_left_or_none_where_labels_differ() -> None:
    assert datasets.distinct(small(0, 1, 0, 1, 0)) == [0, 1]
    assert datasets.distinct(small(0, 1, 1, 1, 0)) == [1]
    assert datasets.distinct(small(0, 1, 1, 0)) == []


def test_imdb_leaks_and_says_so_unless_repeats_are_dropped(mirror: Path) -> None:
    with pytest.warns(FlawWarning, match="repeat another one.*repeats='drop'") as caught:
        whole = datasets.load("IMDB-BINARY")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = datasets.load("IMDB-BINARY", repeats="drop")
        datasets.load("MUTAG")
        datasets.card("IMDB-BINARY")
    assert isinstance(whole, Graphs) and isinstance(data, Graphs)
    first = datasets.first_alike(whole)
    leaks = [
        len(
            set(first[whole.test_mask[:, s]].tolist()) & set(first[whole.train_mask[:, s]].tolist())
        )
        for s in range(10)
    ]
    assert min(leaks) > 10
    assert len(data) < 537 and datasets.distinct(data) == list(range(len(data)))
    assert torch.equal(data.test_mask, folds(data.y).test)


def test_files_split_what_is_kept_as_they_split_all(mirror: Path) -> None:
    whole, kept = (loaded("IMDB-MULTI", split="dgcnn", repeats=r) for r in ("keep", "drop"))
    numbers = datasets.distinct(whole)
    assert len(kept) == len(numbers) < 387
    assert torch.equal(kept.test_mask, whole.test_mask[numbers])
    assert torch.equal(kept.y, whole.y[numbers])


def test_repeats_are_part_of_a_name_where_they_are_dropped() -> None:
    assert "repeats" not in datasets.resolve("IMDB-BINARY")
    assert "repeats" not in datasets.resolve("IMDB-BINARY", repeats="keep")
    found = datasets.resolve("IMDB-BINARY", repeats="drop")
    assert found["repeats"] == "drop" and found["split"] == "folds:0"
    with pytest.raises(ValueError, match="repeats is 'no', which is none of keep, drop"):
        datasets.resolve("IMDB-BINARY", repeats="no")


def test_splits_are_named() -> None:
    assert datasets.resolve("ENZYMES", split="Errica")["split"] == "errica"
    assert datasets.resolve("ENZYMES", split="benchmarking_gnns")["split"] == "benchmarking-gnns"
    assert datasets.resolve("ENZYMES", split="folds", seed=2)["split"] == "folds:2"
    with pytest.raises(ValueError, match="'errica', 'dgcnn', 'benchmarking-gnns', 'random:0', 'fo"):
        datasets.resolve("ENZYMES", split="xyz")
    with pytest.raises(ValueError, match="unknown split of cora 'folds:0'"):
        datasets.resolve("cora", split="folds:0")
