"""Molecules: a twin of the format, and the real QM9 where it is at hand."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.utils import is_undirected

from gnnlab import datasets, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.kinds.node import load_graphs
from gnnlab.datasets.values.edge_lists import both_directions_typed
from gnnlab.layers import RGCN
from gnnlab.runner import configure

NAMES = ("dipole", "Size")
ROWS: list[dict[str, Any]] = [
    {
        "id": "twin:0",
        "graph": [[0, 1, 1], [1, 3, 2]],
        "node_features": [[1, 0, -0.5], [0, 1, 0.25], [0, 1, 0]],
        "targets": [[1.5], [-2]],
    },
    {"id": "twin:1", "graph": [], "node_features": [[1, 0, 2]], "targets": [[0], [4.25]]},
    {
        "id": "twin:2",
        "graph": [[1, 2, 0]],
        "node_features": [[1, 0, 1], [1, 0, 0]],
        "targets": [[-1], [3]],
    },
]


def written(folder: Path, rows: list[Any]) -> Record:
    """Write a twin of the set and return its record."""
    home = folder / "molecules" / "twin"
    home.mkdir(parents=True)
    with gzip.open(home / "valid.jsonl.gz", "wt") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    statistics = {"graphs": len(rows), "attributes": 3, "features": 0, "classes": 2}
    return replace(
        find("qm9"), name="twin", files=("molecules/twin/valid.jsonl.gz",), url=None,
        statistics=statistics, options={"targets": NAMES},
    )  # fmt: skip


def test_reads_what_the_lines_say(tmp_path: Path) -> None:
    twin = written(tmp_path, ROWS)
    found = load_graphs(twin, "attributes", "random:0", tmp_path)
    assert found.targets == NAMES and found.classes == 2 and "2 targets" in repr(found)
    assert found.y.tolist() == [[1.5, -2], [0, 4.25], [-1, 3]]
    first, alone, last = found
    assert first.x.tolist() == ROWS[0]["node_features"] and first.x.dtype == torch.float32
    assert first.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert first.edge_type.tolist() == [0, 0, 2, 2]
    assert alone.edge_index.shape == (2, 0) and alone.edge_type.shape == (0,)
    assert last.edge_index.tolist() == [[0, 1], [1, 0]] and last.edge_type.tolist() == [1, 1]
    assert [data["num_edge_types"] for data in found] == [3, 3, 3]
    one = load_graphs(twin, "attributes", "random:0", tmp_path, "Size")
    assert one.targets == ("Size",) and one.y.tolist() == [[-2], [4.25], [3]]
    assert torch.equal(one.train_mask, found.train_mask)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"graph": [[0, 1, 3]]}, "line 1: a bond names an atom other than 0 to 2"),
        ({"graph": [[-1, 1, 0]]}, "line 1: a bond names an atom"),
        ({"graph": [[0, 0, 1]]}, "line 1: a bond of type 0, which are counted from 1"),
        ({"graph": [[0, 1]]}, "line 1: cannot reshape"),
        ({"node_features": []}, r"line 1: node_features of shape \(0,\)"),
        ({"node_features": [[1, 2], [1], [3]]}, "line 1: "),
        ({"node_features": [[1, 0]], "graph": []}, "differ in their numbers of features or targ"),
        ({"targets": [[1]]}, "differ in their numbers of features or targets"),
        ({"targets": "much"}, "line 1: could not convert"),
        ({"graph": [[0, 1, 1], [1, 2, 0]]}, "nodes 0 and 1 are joined by edges of different types"),
        ({"node_features": [[1, 0, 1e999]] * 3}, "inf"),
    ],
)
def test_damaged_lines_are_named(tmp_path: Path, changed: Any, message: str) -> None:
    twin = written(tmp_path, [{**ROWS[0], **changed}, *ROWS[1:]])
    with pytest.raises(ValueError, match=message):
        load_graphs(twin, "attributes", "random:0", tmp_path)


def test_a_line_without_a_key_and_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="as molecules in JSON lines .line 2: 'graph'"):
        rows = [ROWS[0], {key: ROWS[1][key] for key in ("id", "targets", "node_features")}]
        load_graphs(written(tmp_path / "a", rows), "attributes", "random:0", tmp_path / "a")
    twin = written(tmp_path / "b", ROWS)
    file = tmp_path / "b" / twin.files[0]
    whole = file.read_bytes()
    for content in (b"no archive", whole[:-12], gzip.compress(b'{"graph": ')):
        file.write_bytes(content)
        with pytest.raises(ValueError, match="as compressed JSON lines"):
            load_graphs(twin, "attributes", "random:0", tmp_path / "b")


def test_types_go_both_ways() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        drawn = {
            (int(u), int(v)): int(random.integers(4)) for u, v in random.integers(9, size=(12, 2))
        }
        drawn = {pair: kind for pair, kind in drawn.items() if pair[::-1] not in drawn}
        edge_index = torch.tensor(list(drawn)).T
        index, kinds = both_directions_typed(edge_index, torch.tensor(list(drawn.values())), 9)
        both = {**drawn, **{pair[::-1]: kind for pair, kind in drawn.items()}}
        assert index.T.tolist() == [list(pair) for pair in sorted(both)]
        assert kinds.tolist() == [both[pair] for pair in sorted(both)]


def test_targets_are_named_or_numbered() -> None:
    usual = datasets.resolve("qm9")
    assert usual == {
        "name": "qm9", "source": "molecules", "split": "random:0", "features": "attributes",
    }  # fmt: skip
    spellings: list[Any] = ["HOMO", "homo", 2]
    for target in spellings:
        assert datasets.resolve("qm9", target=target) == {**usual, "target": "HOMO"}
    wrong: list[Any] = ["energy", 13, -1, True, 0.5]
    for target in wrong:
        with pytest.raises(ValueError, match="but qm9 has mu, alpha, .* its number from 0 to 12"):
            datasets.resolve("qm9", target=target)
    with pytest.raises(ValueError, match="MUTAG is read from files and takes no setting 'target'"):
        datasets.resolve("MUTAG", target=0)
    with pytest.raises(
        ValueError, match="no setting 'rows'; .*features, target, repeats, sizes and root"
    ):
        datasets.resolve("qm9", rows=1)
    settings = {"data": {"name": "qm9"}, "model": {"name": "gin"}, "task": {"name": "graph"}}
    one, same = (configure(settings, [f"data.target={text}"]) for text in ("0", "'mu'"))
    assert one.key() == same.key() != configure(settings).key()


def loaded(**settings: Any) -> Graphs:
    try:
        found = datasets.load("qm9", **settings)
    except FileNotFoundError:
        pytest.skip("qm9 is not in the mirror")
    assert isinstance(found, Graphs)
    return found


def test_the_real_molecules(mirror: Path) -> None:
    found = loaded()
    assert len(found) == 10_000 and found.y.shape == (10_000, 13) and found.num_features == 15
    assert found.masks.sizes == (8_000, 1_000, 1_000)
    assert bool((found.train_mask | found.val_mask | found.test_mask).all())
    assert not torch.equal(found.test_mask[:, 0], found.test_mask[:, 1])
    lines = gzip.open(mirror / "molecules/qm9/valid.jsonl.gz", "rt")
    for data, row in zip(found[:50], map(json.loads, lines), strict=False):
        assert data.x.tolist() == torch.tensor(row["node_features"]).tolist()
        kinds = {(u, v): kind - 1 for u, kind, v in row["graph"]}
        kinds |= {(v, u): kind for (u, v), kind in kinds.items()}
        assert data.edge_index.T.tolist() == [list(pair) for pair in sorted(kinds)]
        assert data.edge_type.tolist() == [kinds[pair] for pair in sorted(kinds)]
        assert data.y.tolist() == torch.tensor(row["targets"]).T.tolist()
        assert is_undirected(data.edge_index, data.edge_type)
    total = torch.cat([data.edge_type for data in found])
    assert torch.bincount(total).tolist() == [2 * n for n in (169_119, 6_379, 2_807, 8_428)]


def test_one_target_is_trained_and_the_card_says_what_it_is(mirror: Path) -> None:
    found = loaded(target="alpha")
    few = found.with_graphs(found[:])
    assert few.y.shape == (10_000, 1) and few.targets == ("alpha",)
    card = datasets.card("qm9", target="alpha")
    assert isinstance(card, datasets.GraphsCard) and card.targets == ("alpha",)
    text = str(card)
    assert "1: alpha" in text and "CC0" in text and "tf-gnn-samples" in text
    assert "standardised before" in " ".join(text.split()) and "brockschmidt2020film" in text
    masks = replace(
        found.masks, **{k: getattr(found.masks, k)[:300] for k in ("train", "val", "test")}
    )
    small = replace(found, graphs=found.graphs[:300], masks=masks)
    task = tasks.GraphPrediction(standardise=True)
    result = tasks.fit(task, RGCN(15, 16, 2, num_relations=4), small, tasks.Training(epochs=3))
    assert result.metric == "mae" and result.valid == min(result.curve.valid)
