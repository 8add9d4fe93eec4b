"""What an encoder says of itself counts in every task: its own loss, its transform, its level."""

from __future__ import annotations

from copy import copy, deepcopy
from functools import partial
from typing import Any

import pytest
from kept_cases import cases, linked, one_graph
from torch import Tensor, nn

from gnnlab import layers, tasks
from gnnlab.structure.transforms import AddHops, RandomWalkPE

CASES = cases()
WALKS = layers.PositionalEncoder(RandomWalkPE(2), 4)


class Pulled(nn.Module):
    """A Linear of what ``transform`` has found, with a made-up loss that pulls at its weights."""

    level = "node"

    def __init__(self, channels: int, strength: float, transforms: bool = False) -> None:
        super().__init__()
        self.in_channels, self.hidden_channels, self.strength = channels, 8, strength
        self.linear = nn.Linear(channels, 8)
        self.calls: list[int] = []
        if transforms:
            self.transform = lambda data: copy(data).update({"seen": data.x + 1})

    def forward(self, data: Any) -> Tensor:
        if hasattr(self, "transform"):
            assert "seen" in data
        return self.linear(data.x).relu()

    def with_loss(self, data: Any) -> tuple[Tensor, Tensor]:
        assert self.training
        return self(data), self.strength * (self.linear.weight - 3).square().mean()


@pytest.mark.parametrize("name", CASES)
def test_an_own_loss_is_minimised_in_every_task(name: str) -> None:
    case, training = CASES[name], tasks.Training(lr=0.1, epochs=3)
    without, pulled = (
        tasks.fit(case.task, Pulled(case.features, strength), case.data, training).curve.loss
        for strength in (0.0, 1e4)
    )
    assert pulled[0] > without[0] + 1e4 and pulled[-1] < 0.95 * pulled[0]


def test_an_own_loss_is_minimised_where_two_graphs_are_compared() -> None:
    one = one_graph()
    found = []
    for strength in (0.0, 1e3):
        comparison = tasks.PairedComparison(copies=4, channels=2, epochs=2, lr=0.1)
        make = partial(Pulled, 4, strength)
        (outcome,) = tasks.compare_pairs(make, [one, one_graph()], comparison)
        found.append(outcome.apart)
    assert found[0] != found[1]


@pytest.mark.parametrize("name", CASES)
def test_a_transform_is_applied_in_every_task(name: str) -> None:
    case = CASES[name]
    encoder = Pulled(case.features, 0.0, transforms=True)
    tasks.fit(case.task, encoder, case.data, tasks.Training(epochs=1))


@pytest.mark.parametrize("make", [layers.VGAE, layers.KPathSubgraphGNN])
def test_the_strength_of_an_own_loss_counts_on_one_graph(make: Any) -> None:
    key = "divergence" if make is layers.VGAE else "contrast"
    curves = []
    for strength in (1e-6, 1e6):
        encoder, training = make(4, 8, 1, **{key: strength}), tasks.Training(epochs=2)
        result = tasks.fit(tasks.NodeClassification(), encoder, one_graph(), training)
        curves.append(result.curve)
    assert curves[0].loss[0] != curves[1].loss[0]
    assert curves[0].valid_loss != curves[1].valid_loss


def test_a_level_that_a_task_has_no_use_for_is_refused() -> None:
    graphs = layers.SubgraphGNN(4, 8, 1)
    with pytest.raises(ValueError, match="level is 'graph'"):
        tasks.fit(tasks.NodeClassification(), graphs, one_graph())
    with pytest.raises(ValueError, match="level is 'graph'"):
        tasks.fit(tasks.LinkPrediction(), layers.SubgraphGNN(3, 8, 1), linked())


def test_what_compares_two_graphs_refuses_what_other_tasks_refuse() -> None:
    one = one_graph()
    comparison = tasks.PairedComparison(copies=4, channels=2, epochs=1)
    rows = layers.LINKX(4, 8, num_nodes=60)
    for encoder, message in (
        (rows, "learns one row of weights for every node"),
        (layers.GCN(5, 8, 2), "in_channels is 5, but data.x has 4 columns"),
        (layers.JKNet(4, 8, 2, out_channels=3), "predicts out_channels=3, but this comparison has"),
    ):
        with pytest.raises(ValueError, match=message):
            tasks.compare_pairs(partial(deepcopy, encoder), [one, one], comparison)


@pytest.mark.parametrize(
    ("encoder", "before"),
    [
        (
            layers.WithInputs(3, [], lambda width: layers.DRew(width, 8, 2)),
            AddHops(1),
        ),
        (
            layers.WithInputs(
                3,
                [layers.PositionalEncoder(RandomWalkPE(2), 4)],
                lambda width: layers.GCN(width, 8),
            ),
            RandomWalkPE(2),
        ),
        (layers.SGC(3, 8, precomputed=True), layers.SGC(3, 8, precomputed=True).transform),
    ],
)
def test_links_are_set_apart_for_what_was_found_beforehand(encoder: Any, before: Any) -> None:
    """Also where the structure is there already, so that a transform adds nothing."""
    data = before(linked())
    problem = tasks.LinkPrediction(batch_size=40).setup(data, 0).suited(encoder)
    assert problem.apart
