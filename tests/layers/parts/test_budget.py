"""The width that a number of parameters allows."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from gnnlab import layers
from gnnlab.layers.parts.budget import count_parameters
from gnnlab.tasks import Model

ATOMS = 174
"""Values of all the features of an atom: as many rows as the released models embed."""


def drew(layer_count: int, width: int) -> nn.Module:
    return layers.DRew(ATOMS, width, layer_count, form="released", out_channels=10)


@pytest.mark.parametrize("budget", [133, 134, 1_000, 12_345])
@pytest.mark.parametrize("multiple", [1, 4])
def test_is_the_largest_width_within_the_budget(budget: int, multiple: int) -> None:
    def make(width: int) -> nn.Module:
        return layers.GAT(7, width, 2, heads=multiple)

    counts = {
        width: sum(p.numel() for p in make(width).parameters())
        for width in range(multiple, 80, multiple)
    }
    if counts[multiple] > budget:
        with pytest.raises(ValueError, match=f"budget is {budget}, but the model of width"):
            layers.width_for(budget, make, multiple)
        return
    expected = max(width for width, count in counts.items() if count <= budget)
    assert layers.width_for(budget, make, multiple) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer_count", "width"),
    [(5, 175), (7, 130), (10, 92), (11, 85), (13, 72), (17, 55), (19, 50), (20, 48), (21, 45)]
    + [(23, 42)],
)
def test_drew_has_about_the_widths_of_its_release(layer_count: int, width: int) -> None:
    """The release rounds an estimate, and goes up to 4% over 500,000; this stays below."""
    found = layers.width_for(500_000, partial(drew, layer_count))
    assert width - 1 <= found <= width
    assert count_parameters(lambda: drew(layer_count, found)) <= 500_000


def test_counts_what_the_model_of_a_task_trains() -> None:
    model = Model(layers.GIN(7, 16, 2), 3)
    model.encoder.convs[0].requires_grad_(False)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert count_parameters(lambda: model) == trained < sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_counts_every_encoder_without_memory_or_random_numbers(name: str) -> None:
    nodes = {"num_nodes": 5} if name in ("LINKX", "ResNetAdj") else {}

    def make() -> nn.Module:
        return layers.find(name)(7, 16, 2, **nodes)

    before = torch.random.get_rng_state()
    found = count_parameters(make)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert found == sum(p.numel() for p in make().parameters())


def test_a_width_that_no_machine_holds_is_found() -> None:
    width = layers.width_for(10**15, lambda width: nn.Linear(width, width, bias=False))
    assert width == 31_622_776


def test_refuses_a_model_that_does_not_grow() -> None:
    with pytest.raises(ValueError, match="has 12 parameters at width 1 and 12 at width 2"):
        layers.width_for(100, lambda width: nn.Linear(3, 3))
    with pytest.raises(ValueError, match="at width 4 and 20 at width 8"):
        layers.width_for(100, lambda width: nn.Linear(min(width, 4), 4))


def test_refuses_a_budget_that_is_none() -> None:
    with pytest.raises(ValueError, match="budget is 2.5, but it must be a whole number"):
        layers.width_for(2.5, nn.Identity)  # type: ignore[arg-type]
