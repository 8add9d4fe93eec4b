"""Page of a bench: a row for each encoder and set, a column for each setting, and the cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from gnnlab.core.processes import check_jobs
from gnnlab.core.writing import naming, write_text
from gnnlab.runner.bench.cells import Outcome, run_cells
from gnnlab.runner.bench.data_facts import Facts, look_at_sets
from gnnlab.runner.bench.plan import Bench, Cell
from gnnlab.runner.reports.results_page import machines_of
from gnnlab.runner.reports.tables import layout, own_units, written

MAJORITY = "majority"
"""The row of the prediction that looks at no graph."""
HEAD = """\
Test scores in percent, mean ± std (ddof 1) over the runs (over the splits for `{majority}`). What
it costs is that under `{first}`, medians over the runs: *s an epoch* is training and evaluation,
without preparing the data, *peak MB* what a run adds to the memory."""


SETS = """\
*Look like another*: graphs that colour refinement cannot tell from an earlier one, features
included, so that folds share them; *torn*: those of them with another target."""


@dataclass(frozen=True)
class Found:
    """What is known of a bench, or of the part of it that was asked for, so far."""

    bench: Bench
    cells: Sequence[Cell]
    facts: Mapping[str, Facts]
    outcomes: Sequence[Outcome]

    def outcome(self, data: str, model: str, setting: str) -> Outcome | None:
        """What came out in a cell; None where nothing did yet."""
        place = data, model, setting
        for one in self.outcomes:
            if (one.cell.data, one.cell.model, one.cell.setting) == place:
                return one
        return None

    @property
    def metrics(self) -> list[str]:
        """Of all scores."""
        return [one.summary.metric for one in self.outcomes if one.summary]

    @property
    def broken(self) -> list[Outcome]:
        """In the order of the bench."""
        return [outcome for outcome in self.outcomes if outcome.error]


def run_bench(
    bench: Bench,
    cells: Sequence[Cell],
    out: str | Path = "runs",
    *,
    jobs: int = 1,
    command: str = "",
) -> Found:
    """Train in every cell, going on where an earlier call stopped, and lay out what came of it.

    ``out`` holds a run folder for each cell, and ``page.md`` and ``page.json``, which are written
    anew after every cell. A cell that breaks is reported, and tried again by the next call.

    Args:
        command: what was typed, for the page.
    """
    out = Path(out)
    check_jobs(jobs)
    facts, cells = look_at_sets(cells, bench.changes)
    order = {cell.name: number for number, cell in enumerate(cells)}
    found = Found(bench, cells, facts, ())
    for number, outcome in enumerate(run_cells(cells, facts, out, jobs=jobs), start=1):
        outcomes = sorted([*found.outcomes, outcome], key=lambda one: order[one.cell.name])
        found = Found(bench, cells, facts, outcomes)
        write_page(found, out, command)
        print(f"[{number}/{len(cells)}] {outcome.cell.name}: {told(outcome)}", flush=True)
    return found


def told(outcome: Outcome) -> str:
    """A cell's score, or what broke it."""
    s = outcome.summary
    return f"broken: {outcome.error}" if s is None else written(s.metric, s.mean, s.std, s.runs)


def table(found: Found) -> str:
    """Lay the outcomes out, a set's encoders below what a look at no graph is worth."""
    models, settings = (
        list(dict.fromkeys(getattr(cell, name) for cell in found.cells))
        for name in ("model", "setting")
    )
    rows = []
    for data in dict.fromkeys(cell.data for cell in found.cells):
        rows.append((data, MAJORITY, *_majority(found.facts[data], settings), "", "", ""))
        for model in models:
            whole = [found.outcome(data, model, setting) for setting in settings]
            if any(whole):
                rows.append((data, model, *map(_score, whole), *_cost(whole[0])))
    columns = ("data", "model", *settings, "s an epoch", "peak MB", "parameters")
    return layout(columns, rows)


def _majority(facts: Facts, settings: Sequence[str]) -> Iterator[str]:
    for setting in settings:
        c = (facts.constant or {}).get(setting)
        yield "" if c is None else written(c.metric, c.mean, c.std, len(c.scores))


def _score(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return "broken" if outcome.error else told(outcome)


def _cost(outcome: Outcome | None) -> tuple[str, str, str]:
    if outcome is None or not outcome.rows:
        return "", "", ""
    cost = outcome.efficiency
    seconds = "" if cost.seconds is None else f"{cost.seconds:.3g}"
    return seconds, f"{cost.bytes / 2**20:.0f}", f"{cost.parameters:,}"


def sets(facts: Mapping[str, Facts]) -> str:
    """Lay out what the sets are, and how many of their graphs repeat another."""
    columns = ("data", "graphs", "classes", "chance", "splits", "look like another", "torn")
    rows = [
        (
            data,
            f"{one.graphs:,}",
            str(one.classes or ""),
            f"{100 / one.classes:.2f}" if one.classes else "",
            str(one.splits),
            f"{one.repeats:,}",
            f"{one.torn:,}",
        )
        for data, one in facts.items()
        if not one.error
    ]
    return layout(columns, rows)


def page(found: Found, command: str = "") -> str:
    """Return the page, as Markdown; ``command`` is what was typed to make it."""
    bench = found.bench
    changed = ", ".join(f"`{change}`" for change in bench.changes)
    machines = {text for one in found.outcomes if one.rows for text in machines_of(one.folder)}
    lines = [
        f"# {bench.title}",
        "",
        f"Made by `{command or f'gnnlab bench {bench.name}'}` from its runs: "
        f"{len(found.outcomes)} of {len(found.cells)} cells. Settings: "
        f"gnnlab/recipes/{bench.name}/bench.toml, sha256 {bench.digest}…"
        + (f", changed by {changed}." if changed else ""),
        *("", "## Scores", ""),
        HEAD.format(majority=MAJORITY, first=found.cells[0].setting),
        "",
        *own_units(found.metrics),
        table(found),
        *_broken(found),
        *("", "## Sets", ""),
        SETS,
        *("", sets(found.facts), *_flaws(found.facts)),
        *("", "## Settings", ""),
        *_settings(bench),
        *("", "## Protocol", "", bench.protocol, "", "## Machines and versions", ""),
        *(f"- {machine}" for machine in sorted(machines)),
    ]
    return "\n".join(lines) + "\n"


def _broken(found: Found) -> Iterator[str]:
    if found.broken:
        yield from ("", "## Broken cells", "", "The same command tries them again.", "")
    for data, one in found.facts.items():
        if one.error:
            yield f"- all of `{data}`: {one.error}"
    for outcome in found.broken:
        if not found.facts[outcome.cell.data].error:
            run = outcome.cell.config.run
            runs = f"{len(outcome.rows)} of {len(run.splits) * len(run.seeds)} runs"
            yield f"- `{outcome.cell.name}`, {runs} there: {outcome.error}"


def _flaws(facts: Mapping[str, Facts]) -> list[str]:
    found = [f"- {flaw}." for one in facts.values() for flaw in one.flaws]
    return ["", *found] if found else []


def _settings(bench: Bench) -> Iterator[str]:
    """Those of all cells, where an encoder has them, and those of each row and column."""
    shared = {key: bench.shared[key] for key in ("model", "task", "training")}
    yield f"- all: {_words(shared)}"
    for tables in (bench.settings, bench.models, bench.data):
        yield from (f"- `{name}`: {_words(table) or 'as it is'}" for name, table in tables.items())


def _words(table: Mapping[str, Any], above: str = "") -> str:
    """Settings in words, those of tables within by dotted names."""
    return ", ".join(
        _words(value, f"{above}{key}.") if isinstance(value, Mapping) else f"{above}{key} {value}"
        for key, value in table.items()
    )


def write_page(found: Found, out: Path, command: str = "") -> None:
    """Write ``page.md`` and ``page.json``, with every score, of what is finished."""
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    write_text(out / "page.md", page(found, command))
    whole = {
        "bench": found.bench.name,
        "digest": found.bench.digest,
        "changes": found.bench.changes,
        "sets": {data: asdict(one) for data, one in found.facts.items()},
        "cells": [_entry(outcome) for outcome in found.outcomes],
    }
    write_text(out / "page.json", json.dumps(whole, indent=1) + "\n")


def _entry(outcome: Outcome) -> dict[str, Any]:
    cell, summary = outcome.cell, outcome.summary
    return {
        "cell": cell.name,
        "data": cell.data,
        "model": cell.model,
        "setting": cell.setting,
        "settings": msgspec.to_builtins(cell.config),
        "folder": outcome.folder.name,
        "error": outcome.error,
        "summary": summary and asdict(summary),
        "cost": asdict(outcome.efficiency) if outcome.rows else None,
        "test": [(row["split"], row["seed"], row["test"]) for row in outcome.rows],
    }
