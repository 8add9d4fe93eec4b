"""Results shown as one line, or as a small table in a notebook."""

from __future__ import annotations

from typing import Protocol

from gnnlab.core.html import table
from gnnlab.tasks.metrics.by_name import is_fraction
from gnnlab.tasks.training.curve import Curve


class Shown(Protocol):
    """What is shown of a result."""

    @property
    def valid(self) -> float | None: ...
    @property
    def test(self) -> float | None: ...
    @property
    def epoch(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def parameters(self) -> int: ...
    @property
    def peak_memory_bytes(self) -> int: ...
    @property
    def metric(self) -> str: ...
    @property
    def curve(self) -> Curve: ...
    @property
    def others(self) -> dict[str, float]: ...


def score(value: float | None, metric: str) -> str:
    """A score as it is read: fractions in percent, errors in their own units."""
    if value is None:
        return "-"
    return f"{100 * value:.2f}%" if is_fraction(metric) else f"{value:.4g}"


def brief(result: Shown) -> str:
    """A result on one line."""
    parts = [f"{name} {score(getattr(result, name), result.metric)}" for name in ("test", "valid")]
    told = f"Result({result.metric}: {', '.join(parts)}"
    kept = f", epoch {_epochs(result)}" if len(result.curve) else ""
    return f"{told}{kept}, {result.seconds:.1f} s, {result.parameters:,} parameters)"


def _epochs(result: Shown) -> str:
    return f"{result.epoch} of {result.curve.epoch[-1]}"


def as_html(result: Shown) -> str:
    """A result as a table; what a notebook shows where a cell ends with one."""
    rows = {
        f"test {result.metric}": score(result.test, result.metric),
        f"valid {result.metric}": score(result.valid, result.metric),
        **({"kept epoch": _epochs(result)} if len(result.curve) else {}),
        "time": f"{result.seconds:.1f} s",
        "parameters": f"{result.parameters:,}",
        "peak memory": f"{result.peak_memory_bytes / 2**20:,.0f} MiB",
        **{name: f"{value:.4g}" for name, value in result.others.items()},
    }
    return table("Result", rows)
