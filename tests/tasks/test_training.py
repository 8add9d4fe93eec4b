"""Settings refuse what cannot work, and the optimiser does what they say."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gnnlab.tasks import Training
from gnnlab.tasks.optimizer import make_optimizer, parameter_groups


class Encoder(nn.Module):
    """One parameter of every kind that an optimiser may treat differently."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.layer_norm = nn.LayerNorm(4)
        self.batch_norm = nn.BatchNorm1d(4)
        self.attention = nn.Parameter(torch.ones(4))
        self.edge_bias = nn.Parameter(torch.ones(4))
        self.frozen = nn.Parameter(torch.ones(4), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.batch_norm(self.layer_norm(self.linear(x)))
        return h * self.attention + self.edge_bias


SPARED = {
    "linear.bias",
    "layer_norm.weight",
    "layer_norm.bias",
    "batch_norm.weight",
    "batch_norm.bias",
    "edge_bias",
}
DECAYED = {"linear.weight", "attention"}


def decays(model: nn.Module, training: Training) -> dict[str, tuple[float, float]]:
    """Name -> (learning rate, weight decay) of every parameter in the optimiser's groups."""
    names = {p: name for name, p in model.named_parameters()}
    found = [
        (names[p], (group["lr"], group["weight_decay"]))
        for group in parameter_groups(model, training)
        for p in group["params"]
    ]
    assert len(found) == len(dict(found)), "a parameter is in two groups"
    return dict(found)


def test_adamw_spares_biases_and_norms() -> None:
    found = decays(Encoder(), Training(weight_decay=0.3))
    assert {name for name, (_, decay) in found.items() if decay == 0.3} == DECAYED
    assert {name for name, (_, decay) in found.items() if decay == 0.0} == SPARED


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_adam_and_sgd_decay_every_parameter(optimizer: Any) -> None:
    found = decays(Encoder(), Training(weight_decay=0.3, optimizer=optimizer))
    assert found == dict.fromkeys(SPARED | DECAYED, (1e-2, 0.3))


def test_groups_override_the_first_match_and_keep_the_rest() -> None:
    groups = {"linear.*": {"lr": 0.5, "weight_decay": 0.1}, "*.bias": {"weight_decay": 9.0}}
    found = decays(Encoder(), Training(weight_decay=0.3, groups=groups))
    assert found["linear.weight"] == found["linear.bias"] == (0.5, 0.1)
    assert found["layer_norm.bias"] == (1e-2, 9.0)
    assert found["layer_norm.weight"] == (1e-2, 0.0)
    assert found["attention"] == (1e-2, 0.3)


def test_a_shared_parameter_is_stepped_once() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert len(decays(model, Training())) == 3


def one_step(training: Training) -> tuple[Tensor, Tensor, Tensor]:
    """A weight before a step, its gradient, and the weight after, in float64."""
    linear = nn.Linear(3, 2, dtype=torch.float64)
    before = linear.weight.detach().clone()
    x = torch.arange(12, dtype=torch.float64).view(4, 3) / 7
    loss = (linear(x) ** 2).mean()
    (gradient,) = torch.autograd.grad(loss, linear.weight, retain_graph=True)
    optimizer = make_optimizer(linear, training)
    torch.autograd.backward(loss)
    optimizer.step()
    return before, gradient, linear.weight.detach()


def test_adam_adds_weight_decay_to_the_gradient() -> None:
    w, g, after = one_step(Training(lr=0.1, optimizer="adam", weight_decay=0.5))
    g = g + 0.5 * w
    # After bias correction the first step's moments are g and g^2 themselves.
    torch.testing.assert_close(after, w - 0.1 * g / (g.abs() + 1e-8))


def test_adamw_shrinks_the_weight_apart_from_the_gradient() -> None:
    w, g, after = one_step(Training(lr=0.1, optimizer="adamw", weight_decay=0.5))
    torch.testing.assert_close(after, w * (1 - 0.1 * 0.5) - 0.1 * g / (g.abs() + 1e-8))


def test_sgd_adds_weight_decay_to_the_gradient() -> None:
    w, g, after = one_step(Training(lr=0.1, optimizer="sgd", weight_decay=0.5, momentum=0.9))
    torch.testing.assert_close(after, w - 0.1 * (g + 0.5 * w))


def test_schedules_follow_their_formulas() -> None:
    assert [Training(epochs=9).factor(t) for t in (0, 4, 8)] == [1, 1, 1]
    warm = Training(epochs=8, warmup=4, schedule="linear")
    assert [warm.factor(t) for t in range(8)] == [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]
    cosine = Training(epochs=10, warmup=2, schedule="cosine")
    assert cosine.factor(2) == 1 and cosine.factor(6) == pytest.approx(0.5)
    assert cosine.factor(9) == pytest.approx((1 + math.cos(math.pi * 7 / 8)) / 2)
    assert Training(epochs=3, warmup=5).factor(2) == 0.6  # a warm-up longer than the run


def test_settings_are_a_frozen_hashable_value() -> None:
    training = Training(epochs=7)
    assert training.steps == 7
    assert hash(training) == hash(Training(epochs=7)) and training == Training(epochs=7)
    with pytest.raises(dataclasses.FrozenInstanceError):
        training.lr = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": 0}, "lr is 0, but it must be above 0"),
        ({"lr": float("nan")}, "lr is nan, but it must be a finite number"),
        ({"lr": "1e-2"}, "lr is '1e-2', but it must be a finite number"),
        ({"epochs": 0}, "epochs is 0, but it must be a whole number of at least 1"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"epochs": True}, "epochs is True"),
        ({"weight_decay": -1}, "weight_decay is -1, but it must be 0 or more"),
        ({"stop": "rise"}, "stop is 'rise', which is none of patience, rising: did you mean"),
        ({"stop": "rising"}, "stop is 'rising' but patience is None, so there is nothing to comp"),
        ({"patience": 0}, "patience is 0, but it must be a whole number of at least 1"),
        ({"warmup": -1}, "warmup is -1"),
        ({"evaluate_every": 0}, "evaluate_every is 0"),
        ({"grad_clip": 0.0}, "grad_clip is 0.0, but it must be above 0"),
        ({"optimizer": "AdamW"}, "optimizer is 'AdamW', .* did you mean 'adamw'"),
        ({"optimizer": "lion"}, "optimizer is 'lion', which is none of adam, adamw, sgd"),
        ({"select": "metrics"}, "select is 'metrics', .* did you mean 'metric'"),
        ({"schedule": "cosin"}, "schedule is 'cosin', .* did you mean 'cosine'"),
        ({"autocast": "bf-16"}, "autocast is 'bf-16', .* did you mean 'bf16'"),
        ({"momentum": 0.9}, "momentum is 0.9, but optimizer='adamw' has none"),
        ({"momentum": 1.0, "optimizer": "sgd"}, "momentum is 1.0, but it must be below 1"),
        ({"groups": {"head.*": {"decay": 1}}}, r"a key of groups\['head.\*'\] is 'decay'"),
        ({"groups": {"head.*": {"lr": 0}}}, "is 0, but it must be above 0"),
        ({"groups": {"head.*": 1}}, "must map 'lr' or 'weight_decay' to a number"),
    ],
)
def test_a_value_that_cannot_work_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Training(**settings)


def test_a_group_that_matches_nothing_names_the_nearest_parameter() -> None:
    training = Training(groups={"linaer.weight": {"lr": 1.0}})
    with pytest.raises(ValueError, match="'linaer.weight', which matches no .*: .*linear.weight"):
        parameter_groups(Encoder(), training)


def test_a_model_without_parameters_cannot_be_trained() -> None:
    with pytest.raises(ValueError, match="nothing to train"):
        parameter_groups(nn.Identity(), Training())
