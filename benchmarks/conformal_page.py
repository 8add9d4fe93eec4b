"""The page of conformal sets: what came out, in words that follow from the numbers."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gnnlab.runner.reports.tables import layout

HEAD = """\
# Conformal sets

Made by `python benchmarks/conformal.py`. Settings: benchmarks/conformal.toml, sha256 {digest}…,
which says when they were fixed. Mean ± std (ddof 1) over draws of which test nodes calibrate and
which are judged; a GCN is trained once a set.

A set should hold a node's class with probability {aim:g}. Over all draws that is exact, up to
1 / (n + 1), for methods whose scores treat calibration nodes and others alike: all but `naps`,
whose quantiles are each node's own. One draw lies in the bounds of the beta-binomial distribution
with probability {sure:g}. Sizes count empty sets as 0. `by class` is the lowest coverage of a
class, which nothing guarantees.
"""
NOT_EXACT = ("naps",)
Row = Mapping[str, Any]


def write_page(rows: Sequence[Row], study: Row, path: Path, settings: Path) -> None:
    """Write the page of these rows."""
    digest = hashlib.sha256(settings.read_bytes()).hexdigest()[:16]
    head = HEAD.format(digest=digest, aim=1 - study["alpha"], sure=study["sure"])
    lines = [head]
    for name, about in study["sets"].items():
        own = [row for row in rows if row["set"] == name]
        if own:
            lines += [*section(name, about, own, study), ""]
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def section(name: str, about: str, rows: Sequence[Row], study: Row) -> Iterator[str]:
    """One set: what it is, what follows, the tables."""
    first = rows[0]
    yield f"## {name}"
    yield ""
    yield (
        f"{about[0].upper()}{about[1:]} (edge homophily {first['homophily']:.2f}). The GCN's test "
        f"accuracy is {first['accuracy']:.3f}; {first['calibration']:,} nodes calibrate, "
        f"{first['test']:,} are judged, of {first['classes']} classes."
    )
    yield ""
    yield from (f"- {text}." for text in findings(rows, study))
    yield ""
    yield layout(
        ["method", "draws", "coverage", "size", "one class", "empty", "by class"],
        [line(row) for row in rows],
    )
    yield ""
    yield "Coverage and size of each class, means over draws:"
    yield ""
    classes = list(first["coverage_by_class"])
    yield layout(["method", *map(str, classes)], [by_class(row, classes) for row in rows])


def line(row: Row) -> list[str]:
    """A method in the table."""
    shares = [f"{statistics.mean(row[key]):.3f}" for key in ("single", "empty")]
    lowest = f"{min(row['coverage_by_class'].values()):.3f}"
    size = spread(row["size"], 2)
    return [row["method"], str(row["draws"]), spread(row["coverage"], 3), size, *shares, lowest]


def by_class(row: Row, classes: Sequence[Any]) -> list[str]:
    """A method's coverage and size of each class."""
    pairs = [(row["coverage_by_class"][c], row["size_by_class"][c]) for c in classes]
    return [row["method"], *(f"{coverage:.2f} / {size:.1f}" for coverage, size in pairs)]


def findings(rows: Sequence[Row], study: Row) -> Iterator[str]:
    """Sentences that follow from the numbers."""
    exact = [row for row in rows if row["method"] not in NOT_EXACT]
    off = [row["method"] for row in exact if not mean_fits(row, study["alpha"])]
    told = f"all but {', '.join(off)}" if off else "all"
    yield f"Mean coverage is within its bounds for {told} of the {len(exact)} exact methods"
    inside = sum(draws_inside(row, study) for row in exact)
    total = sum(row["draws"] for row in exact)
    told = "methods are judged on the same draws"
    yield f"{inside:,} of {total:,} single draws of them are within theirs ({told})"
    means = {row["method"]: statistics.mean(row["size"]) for row in rows}
    best = min((row["method"] for row in exact), key=lambda name: means[name])
    others = [f"{means[name]:.2f} of {name}" for name in ("split", "aps") if name != best]
    told = " and ".join(others)
    yield f"The smallest sets are those of {best}, {means[best]:.2f} classes, against {told}"
    yield f"Smoothing over the graph makes the sets of aps {change(rows, 'aps', 'daps')}"
    told = change(rows, "split", "daps of the threshold")
    yield f"Smoothing over the graph makes the sets of split {told}"


def change(rows: Sequence[Row], plain: str, smooth: str) -> str:
    """How sizes change, draw by draw."""
    sizes = {row["method"]: row["size"] for row in rows}
    gaps = [b / a - 1 for a, b in zip(sizes[plain], sizes[smooth], strict=True)]
    mean = statistics.mean(gaps)
    fewer = sum(gap < 0 for gap in gaps)
    word = "smaller" if mean < 0 else "larger"
    return f"{abs(mean):.1%} {word}, and smaller in {fewer} of {len(gaps)} draws"


def mean_fits(row: Row, alpha: float) -> bool:
    """Whether the mean over draws is within three standard errors of what is exact."""
    mean, error = statistics.mean(row["coverage"]), deviation(row, alpha) / math.sqrt(row["draws"])
    loose = 0.5 if "nothing random" in row["method"] else 1 / (calibrating(row) + 1)
    return -3 * error <= mean - (1 - alpha) <= loose + 3 * error


def deviation(row: Row, alpha: float) -> float:
    """The standard deviation of one draw's coverage: of a beta-binomial share."""
    return math.sqrt(alpha * (1 - alpha) * (1 / (calibrating(row) + 2) + 1 / row["test"]))


def calibrating(row: Row) -> int:
    """The nodes that give the quantile: half of them where the others are learnt from."""
    count: int = row["calibration"]
    return count - count // 2 if row["method"] == "cfgnn" else count


def draws_inside(row: Row, study: Row) -> int:
    """How many draws lie within the central part of the beta-binomial distribution."""
    from scipy.stats import betabinom

    count, alpha, rest = calibrating(row), study["alpha"], (1 - study["sure"]) / 2
    place = math.ceil((count + 1) * (1 - alpha) - 1e-9)
    law = betabinom(row["test"], place, count + 1 - place)
    low, high = law.ppf(rest) / row["test"], law.ppf(1 - rest) / row["test"]
    high = 1.0 if "nothing random" in row["method"] else high
    return sum(low <= value <= high for value in row["coverage"])


def spread(values: Sequence[float], digits: int) -> str:
    """Mean and standard deviation."""
    wide = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {wide:.{digits}f}"
