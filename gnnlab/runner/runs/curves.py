"""Learning curves of a run on disk, a line for each split and seed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gnnlab.core.writing import append_line, read_shared, whole_lines

if TYPE_CHECKING:
    from gnnlab.tasks import Result

FILE = "curves.jsonl"
POINTS = 500
"""The most that are kept of a curve."""
DIGITS = 6
"""That are kept of a number."""
Values = list[float | None]


class CurveLine(msgspec.Struct, frozen=True):
    """The curve of one split and seed; lists of equal length, one entry a point.

    Args:
        kept: the epoch that was kept.
        epoch: of each point, counted from 1.
        loss, valid_loss, valid, test: as :class:`gnnlab.tasks.Curve` has them; empty where nothing
            is scored, None for what is not finite.
        others: what else was measured, by part and name.
        share: test rows for each training row of the split, which paired tests over splits ask for;
            None where there are no masks.
    """

    split: int
    seed: int
    metric: str
    kept: int
    epoch: list[int]
    loss: Values
    valid_loss: Values
    valid: Values
    test: Values
    others: dict[str, Values]
    share: float | None = None

    @property
    def pair(self) -> tuple[int, int]:
        return self.split, self.seed


def curve_line(
    pair: tuple[int, int], result: Result, share: float | None = None
) -> CurveLine | None:
    """Thin a result's curve out for the disk; None for a method that was not trained."""
    curve = result.curve
    if not len(curve):
        return None
    kept = curve.epoch.index(result.epoch) if result.epoch in curve.epoch else 0
    points = thinned(len(curve), kept)

    def taken(values: Sequence[float]) -> Values:
        return [_short(values[point]) for point in points] if len(values) == len(curve) else []

    return CurveLine(
        *pair,
        metric=result.metric,
        kept=result.epoch,
        epoch=[curve.epoch[point] for point in points],
        loss=taken(curve.loss),
        valid_loss=taken(curve.valid_loss),
        valid=taken(curve.valid),
        test=taken(curve.test),
        others={name: taken(values) for name, values in curve.others.items()},
        share=share,
    )


def share_of(data: Any, split: int) -> float | None:
    """How many test rows there are for each training row in a split; None without masks."""
    masks = [getattr(data, name, None) for name in ("test_mask", "train_mask")]
    if any(mask is None for mask in masks):
        return None
    test, train = (
        float((m if m.dim() == 1 else m[:, split]).sum()) for m in masks if m is not None
    )
    return test / train if train else None


def thinned(length: int, kept: int, most: int = POINTS) -> list[int]:
    """At most so many of the numbers below a length, evenly apart: the first, the last and ``kept``
    are among them.

    Example:
        >>> thinned(100, 7, most=5)
        [0, 7, 33, 66, 99]
    """
    if length <= most:
        return list(range(length))
    even = (round(number * (length - 1) / (most - 2)) for number in range(most - 1))
    return sorted({*even, kept})


def append_curve(folder: Path, line: CurveLine) -> None:
    """Add a curve, whole or not at all, unless that very line is there.

    It is written before the line of results. Who is killed between the two trains again, and the
    last curve of a split and seed counts.

    Raises:
        NotWritten: the disk is full, say.
    """
    text = json.dumps(msgspec.to_builtins(line), separators=(",", ":"))
    append_line(folder / FILE, text, lambda content: text.encode() not in content.splitlines())


def read_curves(folder: str | Path) -> dict[tuple[int, int], CurveLine]:
    """Return the curves in ``folder/curves.jsonl`` by split and seed; none if it is not there.

    Raises:
        ValueError: a line that is no curve.
    """
    path = Path(folder) / FILE
    found: dict[tuple[int, int], CurveLine] = {}
    for number, line in enumerate(whole_lines(read_shared(path)).split(b"\n"), start=1):
        if line.strip():
            curve = _decoded(line, f"line {number} of {path}")
            found[curve.pair] = curve
    return {pair: found[pair] for pair in sorted(found)}


def _decoded(line: bytes, place: str) -> CurveLine:
    try:
        curve = msgspec.json.decode(line, type=CurveLine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{place} is no curve ({error}): delete that line") from error
    lists: list[Sequence[Any]] = [curve.loss, curve.valid_loss, curve.valid, curve.test]
    if any(values and len(values) != len(curve.epoch) for values in lists):
        raise ValueError(f"{place} is no curve (its lists differ in length): delete that line")
    return curve


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
