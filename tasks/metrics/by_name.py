"""Metrics by name: what computes them, which way is better, and in what they are printed."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from torch import Tensor

from gnnlab.tasks.metrics import (
    classes as class_metrics,
)
from gnnlab.tasks.metrics import (
    labels as label_metrics,
)
from gnnlab.tasks.metrics import (
    links as link_metrics,
)
from gnnlab.tasks.metrics import (
    numbers as regression_metrics,
)

Kind = Literal["classes", "labels", "regression"]
"""Of what is predicted: one class, several labels that are 0 or 1, numbers."""
Metric = Literal[
    "accuracy", "auto", "average_precision", "balanced_accuracy", "f1", "macro_f1", "mae", "mse",
    "r2", "rmse", "roc_auc",
]  # fmt: skip
Function = Callable[[Tensor, Tensor], float]

BY_KIND: Mapping[Kind, Mapping[str, Function]] = {
    "classes": class_metrics.METRICS,
    "labels": label_metrics.METRICS,
    "regression": regression_metrics.METRICS,
}
LOWER_IS_BETTER = ("mae", "mse", "rmse")
OWN_UNITS = ("mae", "mse", "r2", "rmse")
"""Those that are no fractions, and so are not printed in percent."""


def find(name: str, kind: Kind | None = None) -> Function:
    """Return the metric of that name, of whatever kind or of one.

    Raises:
        ValueError: there is none; the nearest are offered.
    """
    tables = BY_KIND.values() if kind is None else (BY_KIND[kind],)
    known = ChainMap(*map(dict, tables))
    link_metrics.check_word(name, known)
    if name in known:
        return known[name]
    near = get_close_matches(name, known, cutoff=0.5)
    told = f" for {kind}" if kind else ""
    hint = f"did you mean {' or '.join(near)}? All of them: " if near else "take one of "
    raise ValueError(f"there is no metric {name!r}{told}: {hint}{', '.join(sorted(known))}")


def check_name(name: Any, kind: Kind | None = None) -> None:
    """Refuse what is neither ``auto`` nor a metric, of whatever kind or of one."""
    if not isinstance(name, str) or name != "auto":
        find(name, kind)


def metric_of(data: Any, kind: Kind) -> str:
    """Return the metric that a set of graphs is judged by, where it names one of this kind."""
    named = getattr(data, "metric", "")
    return named if isinstance(named, str) and named in BY_KIND[kind] else ""


def sign(name: str) -> int:
    """Return 1 if larger is better, which holds for names that are not known, and -1 if smaller."""
    return -1 if name in LOWER_IS_BETTER else 1


def is_fraction(name: str) -> bool:
    """Whether the metric lies between 0 and 1 and is printed in percent."""
    return name not in OWN_UNITS


def best_possible(name: str) -> float:
    """Return the value that nothing beats; infinity for a metric that is not known."""
    if name in LOWER_IS_BETTER:
        return 0.0
    known = link_metrics.is_known(name) or any(name in table for table in BY_KIND.values())
    return 1.0 if known else math.inf
