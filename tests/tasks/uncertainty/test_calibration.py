"""Conformal sets: coverage over many draws, what is measured, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gnnlab import conformal, tasks
from gnnlab.datasets import csbm, karate
from gnnlab.layers import GCN
from tests.tasks.uncertainty.conformal_data import chances_and_labels, graph


@pytest.mark.parametrize(
    "method", ["split", "aps", "raps", {"name": "aps", "randomised": False}, "daps"]
)
def test_new_nodes_are_covered_as_often_as_asked_for(method: Any) -> None:
    """Exchangeable nodes: over draws of the calibration nodes coverage is exact."""
    nodes, draws, alpha = 244, 300, 0.1
    chances, _ = chances_and_labels(nodes)
    data = graph(nodes, edges=300)
    found = [
        conformal.calibrate(chances, data, alpha, method=method, calibration=0.25, seed=seed)
        for seed in range(draws)
    ]
    known, judged = 60, 180
    assert int(found[0].calibration.sum()) == known and int(found[0].judged.sum()) == judged
    mean = sum(one.coverage for one in found) / draws
    spread = math.sqrt(alpha * (1 - alpha) * (1 / (known + 2) + 1 / judged) / draws)
    assert mean >= 1 - alpha - 4 * spread
    if method != {"name": "aps", "randomised": False}:
        assert mean <= 1 - alpha + 1 / (known + 1) + 4 * spread


def test_sets_come_of_a_result_its_model_and_its_probabilities_alike() -> None:
    data = csbm(nodes=200, splits=2)
    task, training = tasks.NodeClassification(), tasks.Training(epochs=3)
    result = tasks.fit(task, GCN(data.num_features, 8, 2), data, training, split=1)
    assert result.model is not None
    found = conformal.sets(result, data, split=1)
    assert found.shape == (200, 2) and found.dtype == torch.bool
    with torch.no_grad():
        logit = result.model(data).double()
    chances = torch.cat([(-logit).sigmoid(), logit.sigmoid()], 1)
    for other in (result.model, chances):
        assert torch.equal(conformal.sets(other, data, split=1), found)
    assert not torch.equal(conformal.sets(result, data, split=1, seed=1), found)


def test_what_is_measured_is_counted_by_hand() -> None:
    sets = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]], dtype=torch.bool)
    labels = torch.tensor([0, 2, 1, 2, 0])
    judged = torch.tensor([True, True, True, True, False])
    found = conformal.Calibrated(sets, 0.1, "X", ~judged, judged, labels)
    assert (found.coverage, found.size, found.single, found.empty) == (0.5, 1.5, 0.25, 0.25)
    table = found.by_class().set_index("class")
    assert table.loc[-1].to_dict() == {
        "nodes": 4, "coverage": 0.5, "size": 1.5, "single": 0.25, "empty": 0.25
    }  # fmt: skip
    assert table.loc[2, "coverage"] == 0.5 and table.loc[2, "size"] == 2.5
    assert table["nodes"].tolist() == [4, 1, 1, 2]


def test_a_fourth_part_calibrates_where_the_data_have_one() -> None:
    data = graph(60, test=40)
    chances, _ = chances_and_labels(60)
    data.calib_mask = torch.zeros(60, dtype=torch.bool)
    data.calib_mask[4:20] = True
    found = conformal.calibrate(chances, data)
    assert torch.equal(found.calibration, data.calib_mask)
    assert torch.equal(found.judged, data.test_mask)


def test_what_would_not_be_valid_is_refused_in_a_sentence() -> None:
    data = graph(60)
    chances, _ = chances_and_labels(60)
    known = torch.zeros(60, dtype=torch.bool)
    known[1] = True
    with pytest.raises(ValueError, match=r"node 1 calibrates and is in data.train_mask too"):
        conformal.sets(chances, data, calibration=known)
    with pytest.raises(ValueError, match=r"0 nodes calibrate"):
        conformal.sets(chances, data, calibration=~known & False)
    with pytest.raises(ValueError, match="alpha is 1"):
        conformal.sets(chances, data, alpha=1.0)
    with pytest.raises(ValueError, match="adds up to"):
        conformal.sets(2 * chances, data)
    with pytest.raises(ValueError, match="conformal method"):
        conformal.sets(chances, data, method="apps")
    with pytest.raises(ValueError, match="above 0 and below 1"):
        conformal.sets(chances, data, calibration=1.0)
    wide = GCN(34, 4, 1, out_channels=1)
    with pytest.raises(ValueError, match="goes up to 3, but the model tells 2"):
        conformal.sets(chances[:, :2] / chances[:, :2].sum(1, keepdim=True), data)
    assert conformal.sets(wide, karate()).shape == (34, 2)
