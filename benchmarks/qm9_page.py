"""The page of the comparison on molecules: what came out, in words that follow from the numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gnnlab.runner.reports.results_page import machines_of
from gnnlab.runner.reports.tables import layout

HEAD = """\
# Molecules: QM9

Made by `python benchmarks/qm9.py --json docs/qm9.json --page docs/qm9.md`. Settings:
benchmarks/qm9.toml, sha256 {digest}…, which says when they were fixed. Test errors at the epoch
best on validation, mean ± std (ddof 1) over {runs} seeds.
"""
MODELS = {
    "gin": "hears neighbours",
    "rgin": "hears neighbours, each kind of bond by weights of its own",
    "all": "hears all distances in every layer, each by weights of its own",
    "drewinf": "DRew without delay: hears distance t + 1 from layer t on",
    "drew": "DRew with delay: the same, as far atoms were some layers ago (nu = 1)",
}
Row = dict[str, Any]


def write_page(rows: Sequence[Row], path: Path, out: Path, study: Path) -> None:
    """Write the page of these points; their run folders lie in ``out``."""
    digest = hashlib.sha256(study.read_bytes()).hexdigest()[:16]
    machines = sorted({text for row in rows for text in machines_of(out / row["folder"])})
    lines = [
        HEAD.format(digest=digest, runs=rows[0]["runs"]),
        *section(rows),
        "",
        "## Machines and versions",
        "",
        *(f"- {text}" for text in machines),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def section(rows: Sequence[Row]) -> Iterator[str]:
    """The models, their errors, and what follows."""
    yield (
        f"One model predicts all {len(rows[0]['targets'])} targets of a molecule from its bonds "
        "and its atoms' features, without coordinates. An error is the mean absolute error divided "
        "by the target's standard deviation over the training molecules, averaged over targets: "
        f"{_mean(rows[0]['median']):.3f} for the median of training, whatever the molecule. All "
        f"models have {rows[0]['at']} layers and are as wide as the same budget of parameters "
        "allows; each took the learning rate of those tried that was best on validation for the "
        "first seed. The molecules are a small part of QM9: errors are not the papers'."
    )
    yield ""
    yield from (f"- `{row['curve']}` {MODELS[row['curve']]}." for row in rows)
    yield ""
    yield from (f"- {text}." for text in findings(rows))
    yield ""
    yield layout(
        ("model", "error", "width", "parameters", "lr", "s a run"),
        [
            (
                row["curve"],
                _score(row["relative"], row["relative_std"]),
                str(row["width"]),
                f"{row['parameters']:,}",
                f"{row['lr']:g}",
                f"{row['seconds']:.0f}",
            )
            for row in rows
        ],
    )
    yield ""
    yield "Each target, in its standard deviations:"
    yield ""
    yield layout(
        ("target", "median", *(row["curve"] for row in rows)),
        [
            (name, f"{rows[0]['median'][t]:.3f}", *(_target(row, t) for row in rows))
            for t, name in enumerate(rows[0]["targets"])
        ],
    )


def findings(rows: Sequence[Row]) -> Iterator[str]:
    """Which model errs least, and how every other compares, target by target."""
    best = min(rows, key=lambda row: row["relative"])
    total = len(best["by_target"])
    yield f"`{best['curve']}` errs least, {_score(best['relative'], best['relative_std'])}"
    for row in rows:
        if row is best:
            continue
        pairs = zip(best["by_target"], row["by_target"], strict=True)
        ahead = sum(mine < other for mine, other in pairs)
        more = row["relative"] / best["relative"] - 1
        yield f"`{row['curve']}` errs {more:.1%} more, and more on {ahead} of {total} targets"


def _target(row: Row, number: int) -> str:
    return _score(row["by_target"][number], row["by_target_std"][number])


def _score(mean: float, std: float) -> str:
    return f"{mean:.3f} ± {std:.3f}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
