"""The long-range benchmark: twins of its archives, whose tensors come back as they were."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from gnnlab import datasets
from gnnlab.datasets.cards.given_graphs import describe_given
from gnnlab.datasets.catalogue.records import find
from gnnlab.datasets.chemistry.codes import ATOMS, BONDS
from gnnlab.datasets.describing import _papers
from tests.datasets.lrgb_twins import each_set, loaded, one, twin


@each_set
def test_tensors_come_back_in_the_order_of_the_parts(name: str, tmp_path: Path) -> None:
    record, whole = twin(name, tmp_path)
    graphs = loaded(record, tmp_path)
    assert len(graphs) == 6 and graphs.masks.sizes == (3, 1, 2)
    assert graphs.train_mask[:, 0].tolist() == [True] * 3 + [False] * 3
    assert graphs.test_mask[:, 0].tolist() == [False] * 4 + [True] * 2
    for data, values in zip(graphs, whole, strict=True):
        assert torch.equal(data.x, values[0].float()) and data.x.dtype == torch.float32
        assert torch.equal(data.edge_index, values[2])
        attr = values[1].float() if values[1].is_floating_point() else values[1]
        assert torch.equal(data.edge_attr, attr) and data.edge_attr.dtype == attr.dtype
    batch = Batch.from_data_list(list(graphs))
    assert batch.num_graphs == 6


@pytest.mark.parametrize("name", ["Peptides-func", "Peptides-struct"])
def test_peptides_have_a_row_of_targets_each(name: str, tmp_path: Path) -> None:
    record, whole = twin(name, tmp_path)
    graphs = loaded(record, tmp_path)
    assert torch.equal(graphs.y, torch.cat([values[3] for values in whole]))
    assert graphs.y.shape == (6, graphs.classes) and graphs.y.dtype == torch.float32
    assert (graphs.x_sizes, graphs.edge_sizes) == (ATOMS, BONDS)


@pytest.mark.parametrize("name", ["PascalVOC-SP", "COCO-SP"])
def test_superpixels_have_a_class_a_node(name: str, tmp_path: Path) -> None:
    record, whole = twin(name, tmp_path)
    graphs = loaded(record, tmp_path)
    numbers = list(record.options.get("labels", range(21)))
    assert graphs.classes == len(numbers) and graphs.x_sizes == ()
    for data, values in zip(graphs, whole, strict=True):
        assert data.y.dtype == torch.int64
        assert data.y.tolist() == [numbers.index(label) for label in values[3].tolist()]
    assert int(graphs.y.max()) == len(numbers) - 1


def test_contacts_are_pairs_that_a_batch_moves_along(tmp_path: Path) -> None:
    record, whole = twin("PCQM-Contact", tmp_path)
    graphs = loaded(record, tmp_path)
    batch = Batch.from_data_list(graphs[:2])
    first, second = whole[:2]
    pairs = torch.cat([first[3], second[3] + len(first[0])], dim=1)
    assert torch.equal(batch.edge_label_index, pairs)
    assert batch.edge_label.tolist() == [1, 1, 0, 0] * 2 and "y" not in graphs[0]


@each_set
def test_the_card_says_which_task_the_targets_are_for(name: str, tmp_path: Path) -> None:
    record, _ = twin(name, tmp_path)
    told = str(describe_given(record, loaded(record, tmp_path), _papers(record.citations)))
    assert record.options["serves"].split(",")[0] in told.replace("\n" + " " * 17, " ")
    assert "public: train / val / test 3 / 1 / 2" in told and "dwivedi2022long" in told
    assert "none is published" in told and "1710" not in told


@pytest.mark.parametrize(
    "as_stored", [list, torch.tensor, np.asarray, lambda y: torch.tensor(y).float()]
)
@pytest.mark.parametrize("protocol", [3, 4])
def test_labels_may_be_lists_arrays_or_tensors(
    as_stored: Callable[[Any], Any], protocol: int, tmp_path: Path
) -> None:
    record = find("PascalVOC-SP")
    values = [(*one(record, 2)[:3], as_stored(one(record, 2)[3].tolist()))]
    record, _ = twin("PascalVOC-SP", tmp_path, val=pickle.dumps(values, protocol=protocol))
    record = replace(record, statistics={})
    assert loaded(record, tmp_path)[3].y.tolist() == [2] * 5


def test_names_splits_and_features_are_those_of_the_files() -> None:
    assert {"Peptides-func", "COCO-SP"} <= set(datasets.names(task="graph"))
    found = datasets.resolve("peptides_func")
    assert found == {
        "name": "Peptides-func",
        "source": "lrgb",
        "split": "public",
        "features": "atoms",
    }
    with pytest.raises(ValueError, match="unknown split of Peptides-func 'random:0'.*'public'"):
        datasets.resolve("Peptides-func", split="random:0")
    with pytest.raises(ValueError, match="seed=3 has no use .* its split is fixed"):
        datasets.resolve("Peptides-func", seed=3)
    with pytest.raises(ValueError, match="unknown features of Peptides-func 'degrees'"):
        datasets.resolve("Peptides-func", features="degrees")
