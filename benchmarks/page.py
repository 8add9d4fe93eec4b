"""The measurements as a page of Markdown."""

from __future__ import annotations

import shlex
import sys
from typing import Any

from peers import MODULES, OURS, SPARSE

from gnnlab.runner.reports.tables import layout

HEAD = """# Performance

Made by `{command}`: {rounds} rounds, {threads} thread(s) on {cores} cores of {processor};
{versions}.

All sides take turns on the same tensors, and their results and gradients are compared before.
Times are medians of the rounds; a ratio is the median of the rounds' ratios, with its range. A
slow peer takes part in fewer rounds. benchmarks/README.md says what graphs and sides are. Not
installed here: {missing}.
"""
FLOOR = """
## Against the memory

The floor of y = A x is E rows of F floats gathered at random from a table of x's size, and N rows
written at the copy rate, measured in the same rounds. GB/s are E F 4 bytes over the time of the
forward pass. Graphs whose hubs stay in a cache can be faster than rows drawn evenly.

"""
MEMORY = """
## Peak memory

Megabytes by which the resident memory of the process rises in a step, forward and backward.

"""
PARITY = """
## Optional backends

Tests of `gnnlab.ops` passed on each backend, by `{command}` ({versions}): the same tests, against
dense formulas in float64, that the compiled backend passes.

"""
Row = dict[str, Any]


def page(found: dict[str, Any], parity: dict[str, Any] | None) -> str:
    """The whole page."""
    parts = [HEAD.format(command=command(), **{**found["machine"], **shown(found)})]
    graphs = list(dict.fromkeys(row["graph"] for row in found["rows"]))
    for graph in graphs:
        parts.append(times(graph, [row for row in found["rows"] if row["graph"] == graph]))
    parts.append(FLOOR + limits(found["limits"]) + "\n\n" + shares(found["rows"]) + "\n")
    parts.append(MEMORY + memory(found["rows"]) + "\n")
    if parity is not None:
        parts.append(passed(parity))
    return "".join(parts)


def command() -> str:
    """What was typed."""
    return shlex.join(["python", "benchmarks/ops.py", *sys.argv[1:]])


def shown(found: dict[str, Any]) -> dict[str, Any]:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    missing = ", ".join(found["missing"]) or "nothing"
    sizes = {"rounds": found["rounds"], "threads": found["threads"]}
    return {"versions": versions, "missing": missing, **sizes}


def peers(rows: list[Row]) -> list[str]:
    """Who is in these rows beside us, in a fixed order."""
    there = {name for row in rows for name in row["sides"]}
    return [name for name in MODULES if name in there and name != OURS]


def times(graph: str, rows: list[Row]) -> str:
    """One graph: our times, and every peer's over ours."""
    first, who = rows[0], peers(rows)
    size = f"{first['nodes']:,} nodes, {first['edges']:,} edges, F = {first['features']}"
    columns = ("forward + backward, over ours", "forward ms", "ms", *who, "best sparse")
    body = [
        (
            row["case"],
            f"{row['sides'][OURS]['forward_ms']:.2f}",
            f"{row['sides'][OURS]['both_ms']:.2f}",
            *(ratio(row, name, "both") for name in who),
            best(row, "both"),
        )
        for row in rows
    ]
    forward = [
        (row["case"], *(ratio(row, name, "forward") for name in who), best(row, "forward"))
        for row in rows
        if "propagate" in row["case"]
    ]
    text = f"\n## {graph}: {size}\n\n{layout(columns, body)}\n"
    if forward:
        text += "\n" + layout(("forward alone, over ours", *who, "best sparse"), forward) + "\n"
    return text


def ratio(row: Row, peer: str, kind: str) -> str:
    if peer not in row["sides"]:
        return "-"
    middle, low, high = row["sides"][peer][f"{kind}_ratio"]
    return f"{middle:.1f} ({low:.1f} - {high:.1f})"


def best(row: Row, kind: str) -> str:
    """The fastest sparse product that a user can call."""
    there = [name for name in SPARSE if name in row["sides"]]
    if not there:
        return "-"
    return f"{min(row['sides'][name][f'{kind}_ratio'][0] for name in there):.1f}"


def limits(found: list[dict[str, Any]]) -> str:
    body = [(r["limit"], f"{r['table_mb']:.1f}", f"{r['gb_per_s']:.1f}") for r in found]
    return layout(("limit", "table, MB", "GB/s"), body)


def shares(rows: list[Row]) -> str:
    """Bandwidth reached, and its share of the floor."""
    body = []
    for row in rows:
        ours = row["sides"][OURS]
        if "floor_ms" not in ours:
            continue
        read = row["edges"] * row["features"] * 4 / 1e6
        spans = [ours["forward_share"], ours["both_share"]]
        cells = [f"{100 * m:.0f}% ({100 * a:.0f} - {100 * b:.0f})" for m, a, b in spans]
        if "weights" in row["case"]:
            cells[1] = "-"  # the gradient of the weights reads more than the floor does
        rates = (read / ours["forward_ms"], read / ours["gather_ms"])
        body.append((row["graph"], row["case"], *(f"{rate:.1f}" for rate in rates), *cells))
    columns = ("graph", "case", "GB/s", "gather GB/s", "of the floor, forward", "and backward")
    return layout(columns, body)


def memory(rows: list[Row]) -> str:
    who = [OURS, *peers(rows)]
    body = [(row["graph"], row["case"], *(peak(row, name) for name in who)) for row in rows]
    return layout(("graph", "case", *who), body)


def peak(row: Row, name: str) -> str:
    found = row["sides"].get(name, {}).get("peak_mb")
    return "-" if found is None else f"{found:.0f}"


def passed(parity: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in parity["versions"].items())
    body = [
        (name, *(str(counts[kind]) for kind in ("passed", "failed", "skipped")))
        for name, counts in parity["backends"].items()
        if any(counts.values())  # a selection of the tests may leave some out
    ]
    head = PARITY.format(command=parity["command"], versions=versions)
    return head + layout(("backend", "passed", "failed", "skipped"), body) + "\n"
