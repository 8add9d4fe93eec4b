"""Molecules from SMILES: graphs with targets, splits, and rows that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from gnnlab import datasets, layers, tasks
from gnnlab.datasets import FlawWarning, Graphs

SMILES = ["CC(=O)O", "c1ccccc1C(=O)O", "CCO", "c1ccncc1", "OC1CCCCC1", "c1ccccc1O", "CCN", "C1CC1"]
NUMBERS = [4.8, 4.2, 15.9, 5.2, 16.0, 10.0, 10.7, None]


def parts(found: Graphs) -> list[list[int]]:
    return [
        m[:, 0].nonzero()[:, 0].tolist()
        for m in (found.train_mask, found.val_mask, found.test_mask)
    ]


def test_numbers_with_one_unknown() -> None:
    found = datasets.molecules(SMILES, NUMBERS, split="random", fractions=(0.5, 0.25))
    assert found.y.shape == (8, 1) and bool(found.y[7].isnan()) and found.targets == ("target",)
    assert [graph.smiles for graph in found] == SMILES
    assert found[0].x.shape == (4, 6) and found[0].edge_attr.shape == (6, 2)
    assert sorted(sum(parts(found), [])) == list(range(7))  # the unknown one is in no part
    assert found.split == "random:0"


def test_classes_and_several_columns(tmp_path: Path) -> None:
    acid = ["yes", "yes", "no", "no", "no", "no", "no", "no"]
    found = datasets.molecules(SMILES, acid, split=None)
    assert found.class_names == ("no", "yes") and found.y.tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    frame = pd.DataFrame({"Smiles": SMILES, "a": [0, 1, None, 1, 0, 0, 1, 1], "b": NUMBERS})
    frame.to_csv(tmp_path / "set.csv", index=False)
    for source in (frame, tmp_path / "set.csv"):
        several = datasets.molecules(source, ["a", "b"], split=None)
        assert several.targets == ("a", "b") and several.y.shape == (8, 2)
        assert several.y.isnan().nonzero().tolist() == [[2, 0], [7, 1]]
    assert several.name == "set" and several.raw_hash.startswith("sha256:")
    labels = datasets.molecules(frame, "a", split=None, kind="labels")
    assert labels.y.shape == (8, 1) and bool(labels.y[2].isnan())


def test_no_ring_system_is_in_two_parts() -> None:
    found = datasets.molecules(SMILES * 2, NUMBERS[:7] * 2 + [1.0, 2.0], fractions=(0.5, 0.2))
    kind = datasets.scaffolds(found).tolist()
    places = [{kind[row] for row in part} for part in parts(found)]
    assert not places[0] & places[1] and not places[0] & places[2] and not places[1] & places[2]
    assert sum(map(len, parts(found))) == 16


def test_a_column_of_parts(tmp_path: Path) -> None:
    words = ["train"] * 4 + ["valid"] * 2 + ["test"] * 2
    frame = pd.DataFrame({"smiles": SMILES, "y": range(8), "fold": words})
    found = datasets.molecules(frame, "y", split="fold", kind="regression")
    assert parts(found) == [[0, 1, 2, 3], [4, 5], [6, 7]]


def test_a_model_trains_on_them() -> None:
    found = datasets.molecules(SMILES, NUMBERS[:7] + [1.0], split="random", fractions=(0.5, 0.25))
    encoder = layers.GIN(found.num_features, 8, 2)
    task = tasks.GraphPrediction(readout="sum")
    with pytest.warns(UserWarning, match="are codes of"):
        result = tasks.fit(task, encoder, found, tasks.Training(epochs=1))
    assert result.metric == "mae"


def test_rows_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    wrong = ["CC", "C(C", "CCX", "CCO"]
    with pytest.raises(
        ValueError,
        match=r"row 1 of molecules cannot be read as SMILES in column 's"
        r"miles', 'C\(C' is no SMILES: .* \(2 such rows in all\): mend it, or take",
    ):
        datasets.molecules(wrong, [1, 2, 3, 4])
    pd.DataFrame({"smiles": wrong, "y": [0.5, 1, 2, 3]}).to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(ValueError, match="line 3 of m.csv cannot be read as SMILES"):
        datasets.molecules(tmp_path / "m.csv")
    with pytest.warns(FlawWarning, match="line 3 of m.csv .*: dropped"):
        found = datasets.molecules(tmp_path / "m.csv", split=None, unreadable="drop")
    assert found.y[:, 0].tolist() == [0.5, 3] and [g.smiles for g in found] == ["CC", "CCO"]


@pytest.mark.parametrize(
    ("smiles", "targets", "more", "told"),
    [
        (["CC", None], None, {}, r"row 1 of molecules .*, it is empty \(1 such rows in all\)"),
        (["CC"], [1, 2], {}, "targets have 2 rows, but there are 1 SMILES: give each its own"),
        ([], None, {}, "molecules has no row, so there is no molecule"),
        (["CC", "C"], ["a", None], {}, "row 1 of molecules has no class in column 'target'"),
        (pd.DataFrame({"a": ["CC"]}), None, {}, "molecules has no column that looks like SMILES"),
        (pd.DataFrame({"smiles": ["CC"]}), ["y"], {}, "targets is 'y', but molecules has no such"),
        (["CC"] * 3, [1, 2, 3], {"unreadable": "skip"}, "which is none of refuse, drop"),
        (["CC"] * 3, [1.0, 2, 3], {"split": "cluster"}, "by is 'cluster', which is none of auto"),
        (["CC"] * 3, ["x", 2, 3], {"kind": "regression"}, "row 0 of molecules has 'x' in column"),
    ],
)
def test_refused(smiles: Any, targets: Any, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        datasets.molecules(smiles, targets, **more)


def test_columns_that_nobody_names_are_told(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("smiles,solubility\nCC,1.5\nCCO,2.5\nCCC,3\n")
    with pytest.warns(FlawWarning, match="columns 'solubility' were not read, so there is no targ"):
        found = datasets.molecules(tmp_path / "m.csv", split="random", fractions=(0.4, 0.34))
    assert "y" not in found[0] and found.classes == 0


def test_stereo_is_told_or_read() -> None:
    with pytest.warns(FlawWarning, match="1 of 2 molecules are written with stereo"):
        plain = datasets.molecules(["C[C@H](N)O", "CC"], split=None)
    found = datasets.molecules(["C[C@H](N)O", "CC"], split=None, stereo=True)
    assert found[0].x.shape == (4, 7) and found[0].edge_attr.shape[1] == 3
    assert torch.equal(found[0].x[:, :6], plain[0].x) and len(found.x_sizes) == 7
