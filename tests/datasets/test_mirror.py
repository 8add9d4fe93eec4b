"""Every real set that is at hand, against the numbers published or counted by others."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from gnnlab.datasets import FlawWarning, card, load
from gnnlab.datasets.values.edge_lists import count_undirected

# name, source, nodes, undirected edges, features, classes, first split's sizes (None: drawn)
HETEROPHILOUS = [
    ("minesweeper", 10000, 39402, 7, 2, (5000, 2500, 2500)),
    ("roman-empire", 22662, 32927, 300, 18, (11331, 5665, 5666)),
    ("amazon-ratings", 24492, 93050, 300, 5, (12246, 6123, 6123)),
    ("tolokers", 11758, 519000, 10, 2, (5879, 2939, 2940)),
    ("questions", 48921, 153540, 301, 2, (24460, 12230, 12231)),
    ("actor", 7600, 26659, 932, 5, (3648, 2432, 1520)),
    ("chameleon", 2277, 31371, 2325, 5, (1092, 729, 456)),
    ("chameleon_filtered", 890, 8854, 2325, 5, (409, 287, 194)),
    ("squirrel", 5201, 198353, 2089, 5, (2496, 1664, 1041)),
    ("squirrel_filtered", 2223, 46998, 2089, 5, (1053, 718, 452)),
    ("cornell", 183, 277, 1703, 5, (87, 59, 37)),
    ("texas", 183, 279, 1703, 5, (87, 59, 37)),
    ("wisconsin", 251, 450, 1703, 5, (120, 80, 51)),
]
# name, nodes, stored rows, self-loops, rows whose reverse is stored too (loops left out)
DIRECTED = [
    ("chameleon_directed", 2277, 36101, 50, 9360),
    ("chameleon_filtered_directed", 890, 13584, 50, 9360),
    ("squirrel_directed", 5201, 217073, 140, 37160),
    ("squirrel_filtered_directed", 2223, 65718, 140, 37160),
]
OTHERS = [
    ("film", "geom-gcn", 7600, 26659, 932, 5, (3648, 2432, 1520)),
    ("cornell", "geom-gcn", 183, 277, 1703, 5, (87, 59, 37)),
    ("cora", "planetoid", 2708, 5278, 1433, 7, (140, 500, 1000)),
    ("citeseer", "planetoid", 3327, 4552, 3703, 6, (120, 500, 1000)),
    ("pubmed_topology", "planetoid", 19717, 44324, 0, 3, (60, 500, 1000)),
    ("amazon_computers", "npz", 13752, 245861, 767, 10, (8251, 2750, 2751)),
    ("coauthor_cs", "npz", 18333, 81894, 6805, 15, (10999, 3666, 3668)),
    ("coauthor_physics", "npz", 34493, 247962, 8415, 5, (20695, 6898, 6900)),
    ("cora_ml", "npz", 2995, 8158, 2879, 7, None),
    ("citeseer_full", "npz", 4230, 5337, 602, 6, None),
    ("polblogs", "npz", 1490, 16715, 0, 2, None),
    ("acm_homogeneous", "npz", 3025, 13128, 1870, 3, None),
    ("blogcatalog_attr", "npz", 5196, 171743, 8189, 6, None),
    ("flickr_attr", "npz", 7575, 239738, 12047, 9, None),
    ("Reed98", "fb100", 962, 18812, 745, 2, None),
    ("JohnsHopkins55", "fb100", 5180, 186586, 2406, 2, None),
    ("PTBR", "twitch", 1912, 31299, 3170, 2, None),
    ("ENGB", "twitch", 7126, 35324, 3170, 2, None),
    ("RU", "twitch", 4385, 37304, 3170, 2, None),
    ("brazil", "airports", 131, 1003, 0, 4, None),
    ("usa", "airports", 1190, 13599, 0, 4, None),
]
UNDIRECTED = [(name, "heterophilous", *rest) for name, *rest in HETEROPHILOUS] + OTHERS


CASES = [
    pytest.param(
        row,
        id=f"{row[0]}-{row[1]}",
        marks=[pytest.mark.slow] if row[0] == "coauthor_physics" else [],  # 1.2 GB of features
    )
    for row in UNDIRECTED
]


def at_hand(name: str, **settings: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FlawWarning)
            return load(name, **settings)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the mirror")


def sizes(data: Any, split: int = 0) -> tuple[int, ...]:
    masks = (data.train_mask, data.val_mask, data.test_mask)
    return tuple(int(mask[:, split].sum()) for mask in masks)


@pytest.mark.parametrize("row", CASES)
def test_an_undirected_set_is_as_published(mirror: Path, row: tuple[Any, ...]) -> None:
    name, source, nodes, edges, features, classes, split = row
    data = at_hand(name, source=source)
    assert data.x.shape == (nodes, features) and data.x.dtype == torch.float32
    assert data.y.shape == (nodes,) and data.y.dtype == torch.int64
    assert torch.unique(data.y[data.y >= 0]).tolist() == list(range(classes))
    assert data.classes == classes and data.source == source
    key = data.edge_index[0] * nodes + data.edge_index[1]
    back = data.edge_index[1] * nodes + data.edge_index[0]
    assert bool((key.diff() > 0).all()), "sorted, no repeats"
    assert torch.equal(back.sort().values, key), "every edge has its reverse"
    loops = int((data.edge_index[0] == data.edge_index[1]).sum())
    assert (len(key) - loops) // 2 == edges
    assert data.train_mask.shape[0] == nodes and data.train_mask.dim() == 2
    assert split is None or sizes(data) == split


@pytest.mark.parametrize("row", DIRECTED, ids=lambda row: row[0])
def test_a_directed_set_keeps_its_rows(mirror: Path, row: tuple[Any, ...]) -> None:
    name, nodes, rows, loops, mutual = row
    data = at_hand(name)
    source, target = data.edge_index
    assert data.edge_index.shape[1] == rows
    assert int((source == target).sum()) == loops
    single = source != target
    reverse = torch.isin(source * nodes + target, target * nodes + source) & single
    assert int(reverse.sum()) == mutual
    undirected = at_hand(name.removesuffix("_directed"))
    assert count_undirected(data.edge_index, nodes) == undirected.edge_index.shape[1] // 2


@pytest.mark.parametrize("name", ["chameleon", "squirrel", "chameleon_directed"])
def test_duplicate_nodes_are_warned_of(mirror: Path, name: str) -> None:
    with pytest.warns(FlawWarning, match="duplicate nodes.*_filtered") as caught:
        load(name)
    assert caught[0].filename == __file__


def test_geom_gcn_cornell_is_warned_of_since_its_features_are_those_of_texas(mirror: Path) -> None:
    with pytest.warns(FlawWarning, match="features and labels of texas"):
        load("cornell", source="geom-gcn")


@pytest.mark.parametrize("name", ["chameleon_filtered", "actor", "minesweeper"])
def test_clean_sets_come_without_a_warning(mirror: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(name)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("cora", (1192, 796, 497)),
        ("citeseer", (1596, 1065, 666)),
        ("pubmed_topology", (9463, 6310, 3944)),
        ("chameleon", (1092, 729, 456)),
        ("squirrel", (2496, 1664, 1041)),
        ("actor", (3648, 2432, 1520)),
    ],
)
def test_geom_gcn_splits_have_the_published_sizes(
    mirror: Path, name: str, first: tuple[int, ...]
) -> None:
    data = at_hand(name, split="geom-gcn")
    assert data.train_mask.shape[1] == 10
    assert sizes(data) == first
    assert data.split == "geom-gcn"


@pytest.mark.parametrize("name", ["chameleon", "squirrel", "cornell"])
def test_platonov_copied_geom_gcn_splits_of_the_old_sets(mirror: Path, name: str) -> None:
    stored, files = at_hand(name), at_hand(name, split="geom-gcn")
    for part in ("train_mask", "val_mask", "test_mask"):
        assert torch.equal(stored[part], files[part])


def test_film_and_actor_are_one_graph(mirror: Path) -> None:
    film, actor = at_hand("film"), at_hand("actor")
    assert torch.equal(film.x, actor.x) and torch.equal(film.y, actor.y)
    plain = film.edge_index[:, film.edge_index[0] != film.edge_index[1]]
    assert torch.equal(plain, actor.edge_index)


def test_unknown_gender_is_unlabelled_and_in_no_split(mirror: Path) -> None:
    data = at_hand("Reed98")
    unknown = data.y == -1
    assert int(unknown.sum()) == 97
    assert not bool((data.train_mask | data.val_mask | data.test_mask)[unknown].any())


def test_pubmed_without_its_feature_file_says_what_is_missing(mirror: Path) -> None:
    if any((mirror / "planetoid" / "pubmed").glob("*.allx")):
        pytest.skip("the mirror has the features")
    with pytest.raises(FileNotFoundError, match="ind.pubmed.allx is in no mirror"):
        load("pubmed")


def test_the_card_tells_what_readers_ask(mirror: Path) -> None:
    text = str(card("minesweeper"))
    for part in (
        *("10,000", "39,402", "platonov", "5,000 / 2,500 / 2,500", "edge 0.683", "MIT"),
        *("adjusted 0.009", "@inproceedings{platonov2023critical", "sha256:", "flaw"),
    ):
        assert part in text
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        old = card("chameleon", split="geom-gcn")
    assert old.duplicates > 1000 and "twins" in str(old)
    assert "pei2020geom" in {entry.key for entry in old.citation}
    assert card("chameleon_filtered").duplicates < 100
