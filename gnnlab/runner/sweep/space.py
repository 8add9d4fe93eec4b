"""Search space of a sweep: lists of values and ranges of numbers, by the keys of settings."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gnnlab.runner.settings.keys import check_keys

FIXED = (
    "run", "stress", "data.name", "data.seed", "data.source", "data.split", "data.target",
    "task.links", "task.metric", "task.name",
)  # fmt: skip
"""What no sweep varies: settings, or whole sections of them."""

Values = dict[str, Any]
"""What a trial sets: values by dotted key."""


@dataclass(frozen=True)
class Range:
    """Numbers between two ends, both included; whole ones where both ends are.

    Args:
        low: the smallest.
        high: the largest.
        log: draw the logarithm evenly.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


Space = Mapping[str, tuple[Any, ...] | Range]
"""What is tried: values, or a range, by dotted key."""


def read_space(table: Mapping[str, Any]) -> Space:
    """Check what is to be tried, as a file's ``[sweep]`` or ``--over`` says it.

    Args:
        table: by dotted key a list of values, or ``{low, high, log}``.

    Raises:
        ValueError: nothing to try, no values, a value twice, ends that are no range, or a key that
            says what is asked and not how it is answered.
    """
    found = {key: _axis(key, value) for key, value in _dotted(table)}
    if not found:
        raise ValueError(
            "there is nothing to vary: give --over training.lr=[0.01,0.001], or a file with a "
            "[sweep] table"
        )
    return found


def _dotted(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots between them; in TOML, ``model.dropout`` without quotes makes a table."""
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and "low" not in value and "high" not in value:
            yield from _dotted(value, f"{name}.")
        else:
            yield name, value


def _axis(key: str, value: Any) -> tuple[Any, ...] | Range:
    if "." not in key:
        raise ValueError(f"{key} is varied, but a setting is SECTION.KEY, such as training.lr")
    if any(f"{key}.".startswith(f"{fixed}.") for fixed in FIXED):
        raise ValueError(
            f"{key} is varied, but scores under another {key} answer another question, or are the "
            "luckier ones: set it with --set, and sweep once for each"
        )
    if isinstance(value, Mapping):
        check_keys(f"sweep.{key}", value, ("low", "high", "log"))
        found = Range(
            value.get("low", math.nan), value.get("high", math.nan), value.get("log", False)
        )
        _check_range(key, found)
        return found
    if not isinstance(value, list) or not value:
        raise ValueError(
            f"{key} is varied over {value!r}: give a list of values, or "
            "{low = …, high = …, log = true}"
        )
    if len({json.dumps(v, sort_keys=True) for v in value}) < len(value):
        raise ValueError(f"{key} is varied over {value}, where a value stands twice")
    return tuple(value)


def _check_range(key: str, found: Range) -> None:
    ends = (found.low, found.high)
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    if not numbers or not found.low < found.high < math.inf or found.low == -math.inf:
        raise ValueError(f"{key} is varied from {ends[0]!r} to {ends[1]!r}: give low < high")
    if not isinstance(found.log, bool):
        raise ValueError(f"{key} is varied with log = {found.log!r}: give true or false")
    if found.log and found.low <= 0:
        raise ValueError(f"{key} is varied from {ends[0]!r} on, and log needs a low above 0")


def grid(space: Space) -> list[Values]:
    """Every combination of the values, those of the last key changing first.

    Raises:
        ValueError: a range, of which no grid is made.
    """
    for key, axis in space.items():
        if isinstance(axis, Range):
            raise ValueError(
                f"{key} is a range, {axis.low} to {axis.high}: say with --trials how many settings "
                "are drawn, or give a list of values"
            )
    axes = [axis for axis in space.values() if isinstance(axis, tuple)]
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*axes)]
