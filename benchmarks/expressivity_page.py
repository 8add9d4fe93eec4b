"""The page of what trained networks tell apart, in words that follow from the numbers."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gnnlab.runner.reports.results_page import machines_of
from gnnlab.runner.reports.tables import layout

HEAD = """\
# Expressive power: theory and trained networks

Made by `python benchmarks/expressivity.py --json docs/expressivity.json --page
docs/expressivity.md`. Settings: benchmarks/expressivity.toml, sha256 {digest}…, which says when
they were fixed.

"Theory" is exact: the same layers with 64-bit hashes in the place of maps and sums, so that they
lose nothing, and graphs differ where the sums of their nodes' colours do. It bounds what any
network of the form can do; training may reach less.
"""
MODELS = {
    "gin": "GIN: colour refinement (1-WL) at best",
    "sp-plus4": "PathNN SP+, shortest paths of up to 4 edges",
    "sp-plus11": "PathNN SP+, shortest paths of up to 11 edges",
    "ap4": "PathNN AP, simple paths of up to 4 edges with distances",
    "ap5": "PathNN AP, simple paths of up to 5 edges with distances",
    "sswl-plus": "SSWL+ with distances up to 5, four layers",
}
Row = dict[str, Any]


def write_page(
    rows: Sequence[Row], path: Path, out: Path, study: Path, left: Sequence[str] = ()
) -> None:
    """Write the page of these points, whose run folders lie in ``out``; ``left`` are not there."""
    settings = study.read_bytes()
    digest = hashlib.sha256(settings).hexdigest()[:16]
    note = tomllib.loads(settings.decode())["csl"].get("note", "")
    machines = sorted(
        {text for row in rows if "folder" in row for text in machines_of(out / row["folder"])}
    )
    curves = list(dict.fromkeys(row["curve"] for row in rows))
    lines = [
        HEAD.format(digest=digest),
        *(f"- `{curve}`: {MODELS.get(curve, 'settings in the file')}." for curve in curves),
        "",
        *section(rows, note),
        *(
            ("", f"Settings that are fixed and not on this page: {', '.join(left)}.")
            if left
            else ()
        ),
        "",
        "## Machines and versions",
        "",
        *(f"- {text}" for text in machines),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def section(rows: Sequence[Row], note: str = "") -> Iterator[str]:
    """The circular skip links, with a note on them, then the pairs, as far as there are rows."""
    csl = [row for row in rows if row["part"] == "csl"]
    brec = [row for row in rows if row["part"] != "csl"]
    if csl:
        yield from _skip_links(csl, note)
    if csl and brec:
        yield ""
    if brec:
        yield from _pairs(brec)


def _skip_links(rows: Sequence[Row], note: str) -> Iterator[str]:
    yield "## Circular skip links (CSL)"
    yield ""
    yield (
        f"{rows[0]['of']} classes of graphs on 41 nodes of degree 4, over {rows[0]['runs']} folds, "
        "mean ± std (ddof 1). Theory counts the colours of the classes; a network can be right on "
        "one class of each colour alone, so that colours divided by classes is the best accuracy."
    )
    yield ""
    cells = [
        (
            row["curve"],
            f"{row['theory']} of {row['of']}",
            f"{row['theory'] / row['of']:.0%}",
            f"{100 * row['mean']:.1f} ± {100 * row['std']:.1f}",
            f"{row['parameters']:,}",
            f"{row['seconds']:.0f}",
        )
        for row in rows
    ]
    columns = ("model", "colours", "best possible", "test accuracy", "parameters", "s a fold")
    yield layout(columns, cells)
    if note:
        yield ""
        yield note


def _pairs(rows: Sequence[Row]) -> Iterator[str]:
    categories = list(dict.fromkeys(row["data"] for row in rows))
    curves = list(dict.fromkeys(row["curve"] for row in rows))
    sizes = {row["data"]: row["of"] for row in rows}
    yield "## BREC"
    yield ""
    yield (
        "Pairs of graphs that colour refinement cannot tell apart, a network for each pair: "
        "trained by the paired protocol of Wang and Zhang (ICML 2024), then Hotelling's test "
        "between the two graphs, which counts where the same test between renumbered copies of "
        "one graph finds nothing. Trained / theory."
    )
    yield ""
    found = {(row["data"], row["curve"]): row for row in rows}
    cells = [
        (curve, *(_cell(found.get((category, curve))) for category in categories))
        for curve in curves
    ]
    yield layout(("model", *(f"{name} ({sizes[name]})" for name in categories)), cells)
    yield ""
    for row in rows:
        if row["left_out"]:
            yield f"- `{row['curve']}` was not trained on {row['data']}: {row['left_out']}."
    unreliable = sum(row.get("unreliable", 0) for row in rows)
    beyond = sum(row.get("beyond", 0) for row in rows)
    yield (
        f"- {unreliable} comparisons were not reliable, and count as not told apart; {beyond} "
        "pairs were told apart that theory says cannot be (the test errs once in twenty)."
    )


def _cell(row: Row | None) -> str:
    if row is None:
        return "–"
    if row["left_out"]:
        return f"– / {row['theory']}"
    return f"{row['told_apart']} / {row['theory']}"
