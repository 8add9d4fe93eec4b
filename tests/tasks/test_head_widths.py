"""Heads that narrow, and where their dropout lies."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gnnlab import tasks
from gnnlab.tasks.shared.head import DeepHead, Head

STATES = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("head", "widths"),
    [
        (Head(3), [(8, 8), (8, 8), (8, 5)]),
        (Head(3, narrows=True), [(8, 4), (4, 2), (2, 5)]),
        (Head(4, narrows=True), [(8, 4), (4, 2), (2, 1), (1, 5)]),
    ],
)
def test_every_map_but_the_last_halves_the_width(head: Head, widths: list[tuple[int, int]]) -> None:
    made = head.make(8, 5, None)
    assert isinstance(made, DeepHead)
    maps = [m for m in made.linears if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in maps] == widths
    assert made(STATES).shape == (500, 5)


def test_states_that_are_too_narrow_to_be_halved_are_refused() -> None:
    with pytest.raises(ValueError, match="width 8 in 4 of head_layers=5 maps, which leaves noth"):
        Head(5, narrows=True).make(8, 5, None)


@pytest.mark.parametrize("drops", [True, False])
def test_the_first_dropout_is_optional_and_the_others_are_not(drops: bool) -> None:
    made = Head(2, 0.5, drops_states=drops).make(8, 3, None).train()
    assert isinstance(made, DeepHead)
    read: list[torch.Tensor] = []
    for linear in made.linears:
        linear.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    made(STATES)
    assert torch.equal(read[0], STATES) is not drops
    hidden = torch.relu(made.linears[0](read[0]))
    dropped = (read[1] == 0) & (hidden != 0)
    assert 0.4 < dropped.sum() / (hidden != 0).sum() < 0.6
    assert torch.allclose(read[1][~dropped], 2 * hidden[~dropped])


@pytest.mark.parametrize("task", [tasks.NodeClassification, tasks.GraphPrediction])
def test_tasks_hand_both_settings_to_the_head(
    task: type[tasks.NodeClassification] | type[tasks.GraphPrediction],
) -> None:
    made = task(head_layers=2, head_dropout=0.1, head_drops_states=False, head_narrows=True)
    assert made._head() == Head(2, 0.1, drops_states=False, narrows=True)
