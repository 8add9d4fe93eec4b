"""Training settings: optimiser, schedule, number of epochs, and the rule that picks the epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, get_args

from gnnlab.core.arguments import check_count, check_not_negative, check_positive, shown

Optimizer = Literal["adam", "adamw", "sgd"]
Select = Literal["last", "loss", "metric"]
PlateauOn = Literal["loss", "metric"]
Stop = Literal["patience", "rising"]
Schedule = Literal["constant", "cosine", "linear", "plateau"]
Autocast = Literal["bf16"]


@dataclass(frozen=True)
class Training:
    """The settings of a training run; a value that cannot work is refused in one sentence.

    Args:
        lr: learning rate, above 0.
        epochs: passes over the training set; with the full batch an epoch is one step.
        optimizer: ``adamw`` spares biases and the parameters of norms from weight decay (Loshchilov
            and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019); ``adam`` adds weight
            decay to the gradient of every parameter (L2), as the older papers have it; ``sgd`` too.
        weight_decay: 0 or more; what it is added to depends on the optimiser, see there.
        select: what picks the epoch, on validation: the best metric or the smallest loss. The first
            epoch that reaches it is kept. ``last`` keeps the last one, whatever validation says.
        patience: how many epochs ``stop`` looks back over; None trains to the end.
        stop: ``patience`` when that many epochs brought no better one, or none can come since the
            metric that selects is perfect on validation. ``rising``, in the second half of the
            epochs alone, when the validation loss exceeds the mean of those evaluated in the
            ``patience`` epochs before: the rule of Shchur et al., "Pitfalls of Graph Neural
            Network Evaluation", 2018, as the releases that followed it have it.
        schedule: ``constant``, or falling to 0 at the end as a ``cosine`` or ``linear`` ramp, or
            ``plateau``: falling whenever validation has not become better for a while.
        warmup: epochs over which the learning rate rises linearly to ``lr``, before the schedule.
        grad_clip: largest gradient norm over all parameters; None leaves gradients as they are.
        autocast: ``"bf16"`` runs the encoder in bfloat16 mixed precision; the head, the loss and
            the optimiser stay in float32.
        evaluate_every: epochs between two evaluations; the last epoch is always evaluated.
        momentum: of ``sgd``.
        groups: settings of some parameters: a glob over parameter names (``"head.*"``,
            ``"encoder.convs.0.*"``) to ``{"lr": ..., "weight_decay": ...}``; the first match
            counts, and a weight decay given here holds for biases and norms as well.
        plateau_factor: what ``plateau`` multiplies the learning rate by, below 1; 0.5 if None.
        plateau_patience: evaluations without a better one that it puts up with; at the next one the
            learning rate falls, and they are counted anew. Better is better by one part in ten
            thousand, as in torch. 10 if None.
        plateau_on: what it looks at, the validation ``loss`` or the ``metric``; the loss if None.
        min_lr: below which it does not let the learning rate fall; 0 if None.

    Raises:
        ValueError: a value out of range, an unknown name.
    """

    lr: float = 1e-2
    epochs: int = 500
    optimizer: Optimizer = "adamw"
    weight_decay: float = 0.0
    select: Select = "metric"
    patience: int | None = None
    stop: Stop = "patience"
    schedule: Schedule = "constant"
    warmup: int = 0
    grad_clip: float | None = None
    autocast: Autocast | None = None
    evaluate_every: int = 1
    momentum: float = 0.0
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)
    plateau_factor: float | None = None
    plateau_patience: int | None = None
    plateau_on: PlateauOn | None = None
    min_lr: float | None = None

    def __post_init__(self) -> None:
        check_positive("lr", self.lr)
        check_count("epochs", self.epochs, 1)
        check_not_negative("weight_decay", self.weight_decay)
        check_count("warmup", self.warmup, 0)
        check_count("evaluate_every", self.evaluate_every, 1)
        _choice("optimizer", self.optimizer, get_args(Optimizer))
        _choice("select", self.select, get_args(Select))
        _choice("stop", self.stop, get_args(Stop))
        _choice("schedule", self.schedule, get_args(Schedule))
        if self.patience is not None:
            check_count("patience", self.patience, 1)
            self._check_last()
        elif self.stop != "patience":
            raise ValueError(
                f"stop is {shown(self.stop)} but patience is None, so there is nothing to compare "
                "a loss with: set patience to a number of epochs"
            )
        if self.grad_clip is not None:
            check_positive("grad_clip", self.grad_clip)
        if self.autocast is not None:
            _choice("autocast", self.autocast, get_args(Autocast))
        self._check_momentum()
        self._settle_plateau()
        if not isinstance(self.groups, Mapping):
            raise ValueError(
                f"groups is {shown(self.groups)}, but it must map names of parameters to settings, "
                "such as {'head.*': {'lr': 0.01}}"
            )
        for pattern, settings in self.groups.items():
            _check_group(pattern, settings)

    @property
    def steps(self) -> int:
        """Optimiser steps: with the full batch, as many as epochs."""
        return self.epochs

    def factor(self, step: int) -> float:
        """Return what ``lr`` is multiplied by at ``step``, counted from 0, plateaus apart."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if self.schedule in ("constant", "plateau"):
            return 1.0
        done = (step - self.warmup) / max(1, self.epochs - self.warmup)
        return 1 - done if self.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2

    def _check_last(self) -> None:
        if self.select == "last" and self.stop == "patience":
            raise ValueError(
                "select is 'last', so no epoch is better than another and patience would never "
                "run out: leave patience out, or take stop='rising'"
            )

    def _check_momentum(self) -> None:
        check_not_negative("momentum", self.momentum)
        if self.momentum >= 1:
            raise ValueError(f"momentum is {self.momentum}, but it must be below 1, as 0.9 is")
        if self.momentum and self.optimizer != "sgd":
            raise ValueError(
                f"momentum is {self.momentum}, but optimizer={shown(self.optimizer)} has none: "
                "leave it at 0 or take optimizer='sgd'"
            )

    @property
    def plateau(self) -> Plateau | None:
        """What ``plateau`` does; None for another schedule."""
        if self.schedule != "plateau":
            return None
        given = {name: getattr(self, key) for name, key in PLATEAU.items()}
        return Plateau(**{name: value for name, value in given.items() if value is not None})

    def _settle_plateau(self) -> None:
        """Write down what ``plateau`` takes, defaults included; refuse it with other schedules."""
        settled = self.plateau
        for name, key in PLATEAU.items():
            value = getattr(self, key)
            if settled is None and value is not None:
                raise ValueError(
                    f"{key} is {shown(value)}, but schedule={shown(self.schedule)} has none: leave "
                    "it out or take schedule='plateau'"
                )
            if settled is not None:
                object.__setattr__(self, key, getattr(settled, name))


@dataclass(frozen=True)
class Plateau:
    """Lower the learning rate where validation stands still; see :class:`Training`."""

    factor: float = 0.5
    patience: int = 10
    on: PlateauOn = "loss"
    min_lr: float = 0.0

    def __post_init__(self) -> None:
        check_positive("plateau_factor", self.factor)
        if self.factor >= 1:
            raise ValueError(f"plateau_factor is {self.factor}, but it must be below 1, as 0.5 is")
        check_count("plateau_patience", self.patience, 0)
        _choice("plateau_on", self.on, get_args(PlateauOn))
        check_not_negative("min_lr", self.min_lr)
        object.__setattr__(self, "min_lr", float(self.min_lr))  # 0 and 0.0 are one setting


PLATEAU = {
    "factor": "plateau_factor", "patience": "plateau_patience", "on": "plateau_on",
    "min_lr": "min_lr",
}  # fmt: skip
"""What ``Training`` calls a plateau's settings."""


def _choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        near = get_close_matches(str(value).lower(), choices, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "take one of them"
        raise ValueError(f"{name} is {shown(value)}, which is none of {', '.join(choices)}: {hint}")


def _check_group(pattern: str, settings: Mapping[str, float]) -> None:
    if not isinstance(settings, Mapping):
        raise ValueError(
            f"groups[{pattern!r}] is {shown(settings)}, but it must map 'lr' or 'weight_decay' to "
            "a number"
        )
    for key, value in settings.items():
        _choice(f"a key of groups[{pattern!r}]", key, ("lr", "weight_decay"))
        check = check_positive if key == "lr" else check_not_negative
        check(f"groups[{pattern!r}][{key!r}]", value)
