"""Settings refuse what cannot work, and the optimiser does what they say."""

from __future__ import annotations

import dataclasses
import math
import sys
from typing import Any

import pytest
import torch
from learnable import run
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR

from gnnlab.tasks import Training
from gnnlab.tasks.training.optimizer import make_optimizer, parameter_groups
from gnnlab.tasks.training.schedule import Schedule


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


def rates(training: Training, rows: list[dict[str, float]], metric: str = "accuracy") -> Any:
    """The learning rate of every epoch, and of the one that would follow."""
    optimizer = make_optimizer(Encoder(), training)
    schedule = Schedule(optimizer, training, metric)
    found = [optimizer.param_groups[0]["lr"]]
    for row in rows:
        optimizer.step()
        schedule.step()
        schedule.see(row)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def losses(*values: float) -> list[dict[str, float]]:
    return [{"valid_loss": value, "valid": 0.5} for value in values]


@pytest.mark.parametrize("warmup", [1, 3])
def test_a_cosine_after_a_warm_up_is_torch_s(warmup: int) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    ramp = LinearLR(optimizer, 1 / warmup, total_iters=max(1, warmup - 1))
    cosine = CosineAnnealingLR(optimizer, 12 - warmup)
    theirs = SequentialLR(optimizer, [ramp, cosine], [warmup])
    expected = []
    for _ in range(12):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    training = Training(lr=0.1, epochs=12, warmup=warmup, schedule="cosine")
    assert rates(training, losses(*range(12)))[:12] == pytest.approx(expected)


@pytest.mark.parametrize("on", ["loss", "metric"])
@pytest.mark.parametrize("metric", ["accuracy", "mae"])
@pytest.mark.parametrize("patience", [0, 3])
def test_a_plateau_is_torch_s(on: Any, metric: str, patience: int) -> None:
    random = torch.Generator().manual_seed(patience)
    walk = torch.randn(60, 2, generator=random).cumsum(0).tolist()
    rows = [{"valid_loss": loss + 20, "valid": score + 20} for loss, score in walk]
    settings = {"plateau_factor": 0.7, "plateau_patience": patience, "plateau_on": on}
    training = Training(lr=0.1, schedule="plateau", min_lr=1e-3, **settings)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    mode: Any = "max" if on == "metric" and metric == "accuracy" else "min"
    theirs = ReduceLROnPlateau(optimizer, mode, factor=0.7, patience=patience, min_lr=1e-3)
    expected = [0.1]
    for row in rows:
        theirs.step(row["valid"] if on == "metric" else row["valid_loss"])
        expected.append(optimizer.param_groups[0]["lr"])
    assert rates(training, rows, metric) == pytest.approx(expected)
    assert expected[0] > expected[-1] >= 1e-3


def test_a_plateau_by_hand() -> None:
    training = Training(lr=0.8, schedule="plateau", plateau_patience=1, min_lr=0.15)
    # Better once, then never; after two that are not better it falls, as far as it may.
    seen = losses(1.0, 0.9, 0.9, 0.95, 0.9, 0.89999, 0.9, 0.9, 0.9)
    assert rates(training, seen) == [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.15, 0.15]


def test_a_plateau_begins_where_the_warm_up_ends() -> None:
    training = Training(lr=0.8, schedule="plateau", plateau_patience=0, warmup=4)
    found = rates(training, losses(*range(1, 7)))
    assert found == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.2])


def test_training_hears_of_its_plateaus(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float] = []

    class Heard(Schedule):
        def see(self, row: dict[str, float]) -> None:
            super().see(row)
            found.append(self.ramp.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(sys.modules["gnnlab.tasks.loop"], "Schedule", Heard)
    training = Training(lr=0.5, epochs=15, schedule="plateau", plateau_patience=1)
    result = run(training)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.5)
    theirs = ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=1)
    expected = []
    for loss in result.curve.valid_loss:
        theirs.step(loss)
        expected.append(optimizer.param_groups[0]["lr"])
    assert found == expected and found[-1] < 0.5


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
        ({"min_lr": 1e-5}, "min_lr is 1e-05, but schedule='constant' has none: leave it out or"),
        (
            {"schedule": "plateau", "plateau_factor": 1.0},
            "plateau_factor is 1.0, but it must b",
        ),
        ({"schedule": "plateau", "plateau_patience": -1}, "plateau_patience is -1"),
        ({"schedule": "plateau", "plateau_on": "los"}, "plateau_on is 'los'.* did you mean 'loss'"),
        ({"schedule": "plateau", "min_lr": -1}, "min_lr is -1, but it must be 0 or more"),
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
