"""Own metrics: a user's function, or its record, in the place of a metric's name.

By import path, ``package.module:function``, it is a setting like any other. As an object it goes by
a name that carries its record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.core.own_parts import imported, is_path
from gnnlab.core.plugins import find_plugin
from gnnlab.tasks.metrics.record import Function, Metric

GROUP = "gnnlab.metrics"
"""The group of entry points that offer metrics."""
Wanted = str | Metric | Callable[..., Any] | Sequence[str | Metric | Callable[..., Any]]
"""A metric, or several, of which the first chooses the epoch."""


class OwnName(str):
    """The name of a metric that is an object, with its record."""

    record: Metric

    def __new__(cls, record: Metric) -> OwnName:
        made = super().__new__(cls, record.name)
        made.record = record
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return OwnName, (self.record,)


def names_of(metric: Any, also: Any = ()) -> tuple[Any, tuple[Any, ...]]:
    """Return the name of the metric that chooses, and those of the others.

    Args:
        metric: one, or several of which the first chooses.
        also: more of the others.

    Example:
        >>> names_of(("accuracy", "macro_f1"))
        ('accuracy', ('macro_f1',))
    """
    several = isinstance(metric, (list, tuple)) and len(metric) > 0
    first, *others = metric if several else [metric]
    more = [also] if isinstance(also, (str, Metric)) or callable(also) else also
    if not isinstance(more, (list, tuple)):
        raise ValueError(
            f"also is {shown(also)}, but it must be a list of names of metrics, such as "
            "['accuracy']"
        )
    rest = dict.fromkeys(map(_name, [*others, *more]))
    return _name(first), tuple(name for name in rest if name != _name(first))


def own_record(name: object) -> Metric | None:
    """The record of a metric that is not gnnlab's; None of any other name.

    Raises:
        ValueError: an import path that names no metric.
    """
    if isinstance(name, OwnName):
        return name.record
    if is_path(name):
        return as_record(imported(str(name)), str(name))
    return _installed(name) if isinstance(name, str) else None


def own_function(record: Metric) -> Function:
    """A user's function, held to what it must return.

    Raises:
        ValueError: by the function, where it gives no number.
    """

    def score(predictions: Tensor, truth: Tensor) -> float:
        found: Any = record.function(predictions, truth)
        try:
            return float(found)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"the metric {record.name} gives {shown(found)}, but a score is one number: return "
                "a float"
            ) from error

    return score


def as_record(found: Any, name: str) -> Metric:
    """The record of a metric, or of a function with the attributes ``higher_is_better`` (True where
    it has none) and ``unit``.

    Raises:
        ValueError: neither.
    """
    if isinstance(found, Metric):
        return Metric(name, *(getattr(found, key) for key in _REST))
    if not callable(found):
        raise ValueError(
            f"{name} is {shown(found)}, but a metric is a function of predictions and truth, or a "
            "Metric: name one"
        )
    higher = bool(getattr(found, "higher_is_better", True))
    return Metric(name, found, (), higher, str(getattr(found, "unit", "")))


_REST = ("function", "kinds", "higher_is_better", "unit", "best", "needs_all")


def _name(metric: Any) -> Any:
    if isinstance(metric, Metric):
        return OwnName(metric)
    if callable(metric):
        return OwnName(as_record(metric, getattr(metric, "__name__", type(metric).__name__)))
    return metric


@cache
def _installed(name: str) -> Metric | None:
    """A plugin's record, kept: a metric is asked for at every epoch."""
    found = find_plugin(GROUP, name)
    return None if found is None else as_record(found, name)
