"""Metric record: a metric's name, its function, the direction that is better, and its unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Function = Callable[[Tensor, Tensor], float]
PERCENT = "%"
"""The unit of fractions."""
LOSS = "loss"
"""Stands for a metric where nothing is scored and the loss alone is known: less is better."""


@dataclass(frozen=True)
class Metric:
    """One metric of one or more kinds of what is predicted.

    Args:
        name: in settings and results.
        function: computes it from predictions and truth.
        kinds: of what: ``classes``, ``labels``, ``regression``, ``links``, ``clusters``; of
            anything if empty.
        higher_is_better: whether more is better.
        unit: in what it is printed; a fraction in percent.
        best: what nothing beats; None where that is not known.
        needs_all: whether it is undefined where a class, or a value of a label, is missing.
    """

    name: str
    function: Function
    kinds: tuple[str, ...] = ()
    higher_is_better: bool = True
    unit: str = PERCENT
    best: float | None = None
    needs_all: bool = False

    @property
    def limit(self) -> float:
        """What nothing beats: 1 of fractions where more is better, else infinity."""
        if self.best is not None:
            return self.best
        if not self.higher_is_better:
            return -math.inf
        return 1.0 if self.unit == PERCENT else math.inf


def names_that_need_all(records: tuple[Metric, ...]) -> tuple[str, ...]:
    """The metrics that are undefined where something is missing."""
    return tuple(record.name for record in records if record.needs_all)
