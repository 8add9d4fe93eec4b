"""Metrics by name: their functions, the direction that is better, and their units."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, get_args

from gnnlab.tasks.metrics import classes, clusters, labels, links, numbers
from gnnlab.tasks.metrics.own import own_function, own_record
from gnnlab.tasks.metrics.record import LOSS, PERCENT, Function, Metric

Kind = Literal["classes", "labels", "regression"]
"""Of what is predicted: one class, several labels that are 0 or 1, numbers."""
RECORDS: tuple[Metric, ...] = (
    *classes.METRICS,
    *labels.METRICS,
    *numbers.METRICS,
    *links.METRICS,
    *clusters.METRICS,
)
BY_KIND: Mapping[str, Mapping[str, Function]] = {
    kind: {record.name: record.function for record in RECORDS if kind in record.kinds}
    for kind in get_args(Kind)
}
LOWER_IS_BETTER = tuple(record.name for record in RECORDS if not record.higher_is_better)
OWN_UNITS = tuple(record.name for record in RECORDS if record.unit != PERCENT)
"""Those that are no fractions, and so are not printed in percent."""


def find(name: str, kind: Kind | None = None) -> Function:
    """Return the metric of that name, of whatever kind or of one, or a user's own.

    Raises:
        ValueError: there is none; the nearest are offered. One of another kind.
    """
    if (own := own_record(name)) is not None:
        if kind and own.kinds and kind not in own.kinds:
            raise ValueError(
                f"{own.name} is a metric of {', '.join(own.kinds)}, and these targets are {kind}: "
                "take another"
            )
        return own_function(own)
    tables = BY_KIND.values() if kind is None else (BY_KIND[kind],)
    known = ChainMap(*map(dict, tables))
    links.check_word(name, known)
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
    if (own := _own(name)) is not None:
        return 1 if own.higher_is_better else -1
    return -1 if name in (LOSS, *LOWER_IS_BETTER) else 1


def is_fraction(name: str) -> bool:
    """Whether the metric lies between 0 and 1 and is printed in percent."""
    if (own := _own(name)) is not None:
        return own.unit == PERCENT
    return name not in (LOSS, *OWN_UNITS)


def best_possible(name: str) -> float:
    """Return the value that nothing beats; infinity for a metric that is not known."""
    if name == LOSS:
        return -math.inf
    if (own := _own(name)) is not None:
        return own.limit
    for record in RECORDS:
        if record.name == name:
            return record.limit
    return 1.0 if links.is_known(name) else math.inf


def _own(name: str) -> Metric | None:
    """A user's metric; gnnlab's own names, which reports ask for often, are looked up first."""
    known = name == LOSS or any(name == record.name for record in RECORDS)
    return None if known and type(name) is str else own_record(name)
