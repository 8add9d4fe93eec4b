"""Page of a study: findings in words, which follow from the numbers, and the numbers."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from gnnlab.core.writing import write_text
from gnnlab.runner.reports.paired_test import Difference
from gnnlab.runner.reports.results_page import machines_of
from gnnlab.runner.reports.tables import layout, own_units, signed, written
from gnnlab.runner.runs.run import Pair
from gnnlab.runner.settings.config import Config
from gnnlab.runner.study.cells import Edges, Outcome, compare, run_cells
from gnnlab.runner.study.plan import Cell, Study
from gnnlab.runner.sweep.record import write_chosen, write_tried

LEVEL = 0.05
"""Of p, and of the rate of false discoveries."""
HEAD = """\
Test scores in percent, mean ± std (ddof 1) over the runs. *Apart* is the difference to none in
percentage points, with the p of the paired test; *twin* that to the random twin. *Edges* are a
graph's undirected edges before, and how many the chosen setting adds and removes (means over the
dataset's graphs)."""
COLUMNS = ("data", "model", "method", "test", "apart", "p", "twin", "p twin", "edges", "chosen")


def run_study(
    study: Study,
    cells: Sequence[Cell],
    out: str | Path = "runs",
    *,
    jobs: int = 1,
    command: str = "",
) -> list[Outcome]:
    """Choose and train in every cell, going on where an earlier call stopped, and compare.

    ``out`` holds a run folder for each setting, and ``page.md`` and ``page.json``, which are
    written anew after every cell.

    Args:
        command: what was typed, for the page.
    """
    outcomes: list[Outcome] = []
    tried = {cell.name: [config.label() for config in cell.configs] for cell in cells}
    write_tried(study.name, tried, Path(out))
    for number, outcome in enumerate(run_cells(cells, out, jobs=jobs), start=1):
        outcomes = compare(study, [*outcomes, outcome])
        write_chosen(outcome.cell.name, outcome.folder.name, Path(out))
        write_page(study, outcomes, Path(out), command)
        scores = list(outcome.scores.values())
        score = written(outcome.metric, statistics.fmean(scores), std(scores))
        print(f"[{number}/{len(cells)}] {outcome.cell.name}: {score}", flush=True)
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """Lay the outcomes out, one row a cell."""
    return layout(COLUMNS, [_row(outcome) for outcome in outcomes])


def _row(outcome: Outcome) -> tuple[str, ...]:
    cell, scores = outcome.cell, list(outcome.scores.values())
    return (
        cell.data,
        cell.model,
        cell.method,
        written(outcome.metric, statistics.fmean(scores), std(scores), len(scores)),
        *_apart(outcome.metric, outcome.baseline),
        *_apart(outcome.metric, outcome.twin),
        _edges(outcome.edges),
        _chosen(outcome.config),
    )


def _apart(metric: str, found: Difference | None) -> tuple[str, str]:
    return ("", "") if found is None else (signed(metric, found.mean), f"{found.p:.3f}")


def _edges(edges: Edges) -> str:
    changes = f" +{edges.added:.4g} -{edges.removed:.4g}" if edges.added or edges.removed else ""
    return f"{edges.before:.4g}{changes}"


def _chosen(config: Config) -> str:
    rewiring = {k: v for k, v in config.rewiring.items() if k not in ("name", "fill", "seed")}
    training: dict[str, Any] = {
        "lr": config.training["lr"],
        **{k: config.model[k] for k in ("dropout", "num_layers") if k in config.model},
    }
    return ", ".join(f"{key}={value}" for key, value in {**training, **rewiring}.items())


def std(scores: Sequence[float]) -> float:
    """With ddof 1; 0 for a single score."""
    return statistics.stdev(scores) if len(scores) > 1 else 0.0


def findings(study: Study, outcomes: Sequence[Outcome]) -> list[str]:
    """Say for every method where it is apart from the baseline and from its random twin."""
    found = _comparisons(study, outcomes)
    kept = _discoveries([apart.p for _, _, apart in found])
    lines = []
    for method, against in dict.fromkeys((one.cell.method, other) for one, other, _ in found):
        own = [
            (one, apart, stays)
            for (one, other, apart), stays in zip(found, kept, strict=True)
            if (one.cell.method, other) == (method, against)
        ]
        far = [(one, apart.mean) for one, apart, _ in own if apart.p < LEVEL]
        lines.append(
            f"- `{method}` against {against}, {len(own)} cells: "
            f"ahead in {_where([(one, mean) for one, mean in far if _gain(one, mean) > 0])}, "
            f"behind in {_where([(one, mean) for one, mean in far if _gain(one, mean) < 0])}; "
            f"{sum(stays for _, _, stays in own)} of these after the correction."
        )
    return lines


def _comparisons(
    study: Study, outcomes: Sequence[Outcome]
) -> list[tuple[Outcome, str, Difference]]:
    """Every comparison of the page: the outcome, with what, and how far apart."""
    both = [
        (outcome, against, apart)
        for outcome in outcomes
        for against, apart in (
            (study.baseline, outcome.baseline),
            ("its random twin", outcome.twin),
        )
    ]
    return [(outcome, against, apart) for outcome, against, apart in both if apart is not None]


def _gain(outcome: Outcome, difference: float) -> float:
    """A difference that is above 0 where the outcome is the better one."""
    from gnnlab.tasks.metrics.by_name import sign

    return sign(outcome.metric) * difference


def _discoveries(ps: Sequence[float]) -> list[bool]:
    """Which stay when one in twenty of those that do may be a false discovery."""
    from scipy.stats import false_discovery_control

    return [bool(p < LEVEL) for p in false_discovery_control(ps)] if ps else []


def _where(found: Sequence[tuple[Outcome, float]]) -> str:
    names = ", ".join(
        f"{one.cell.data}-{one.cell.model} {signed(one.metric, mean)}" for one, mean in found
    )
    return f"{len(found)} ({names})" if found else "none"


def page(study: Study, outcomes: Sequence[Outcome], command: str = "") -> str:
    """Return the page, as Markdown; ``command`` is what was typed to make it."""
    tests = len(_comparisons(study, outcomes))
    machines = sorted({machine for o in outcomes for machine in machines_of(o.folder)})
    return "\n".join(
        [
            f"# {study.title}",
            "",
            f"Made by `{command or f'gnnlab study {study.name}'}` from its runs: "
            f"{len(outcomes)} of {len(study.cells)} cells. Settings: "
            f"{study.place or f'gnnlab/recipes/{study.name}'}, sha256 {study.digest}…",
            "",
            "## Where it helps, and where it does not",
            "",
            f"Cells where p < {LEVEL}, with the difference in percentage points. Of the {tests} "
            f"tests about {LEVEL * tests:.0f} would come out so if nothing differed; the "
            f"correction (Benjamini and Hochberg) keeps the rate of false discoveries at {LEVEL}.",
            "",
            *findings(study, outcomes),
            "",
            "## Scores",
            "",
            HEAD,
            "",
            *own_units(outcome.metric for outcome in outcomes),
            table(outcomes),
            "",
            "## Protocol",
            "",
            study.protocol,
            "",
            "## Machines and versions",
            "",
            *(f"- {machine}" for machine in machines),
            "",
        ]
    )


def write_page(study: Study, outcomes: Sequence[Outcome], out: Path, command: str = "") -> None:
    """Write ``page.md`` and ``page.json``, with every score, of what is finished."""
    write_text(out / "page.md", page(study, outcomes, command))
    entries = [
        {
            "cell": outcome.cell.name,
            "settings": msgspec.to_builtins(outcome.config),
            "valid": outcome.valid,
            "edges": asdict(outcome.edges),
            "test": _listed(outcome.scores),
            "twin_test": _listed(outcome.twins),
            "baseline": outcome.baseline and asdict(outcome.baseline),
            "twin": outcome.twin and asdict(outcome.twin),
        }
        for outcome in outcomes
    ]
    write_text(out / "page.json", json.dumps(entries, indent=1) + "\n")


def _listed(scores: dict[Pair, float] | None) -> list[tuple[int, int, float]] | None:
    return None if scores is None else [(*pair, score) for pair, score in scores.items()]
