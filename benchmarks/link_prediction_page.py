"""The page of link prediction: both protocols side by side, in words that follow from numbers."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from link_findings import (
    HARD,
    UNIFORM,
    Row,
    found_heuristics,
    found_models,
    metric_of,
    written,
)
from points import read_study

from gnnlab.runner.reports.tables import layout, percent
from gnnlab.runner.settings.recipes import Paper, recipe, recipe_names

HEAD = """\
# Link prediction

Made by `python benchmarks/link_prediction.py --json docs/link_prediction.json --page
docs/link_prediction.md` from the runs of `gnnlab reproduce ncn` and `gnnlab reproduce heart`.
Heuristics: benchmarks/link_prediction.toml, sha256 {digest}…; the models' settings are in their
recipes. Test scores in percent at the epoch best on validation, mean ± std (ddof 1). "Apart" is
the difference to the published number in its standard deviation.

## Two questions

Which pairs of a citation network are joined, of pairs that no model has read? The answer depends
on what a link has to be told from.

**Uniform negatives** (`ncn`: {ncn.title}, {ncn.venue}): {ncn.protocol}. Two nodes drawn at random
nearly always lie far apart, so that little more than nearness is asked for, and a link is found
when it beats one fixed place in a ranking of all negatives. That place, and with it every number,
depends on how many negatives there are: no other split's numbers compare.

**Hard negatives** (`heart`: {heart.title}, {heart.venue}): {heart.protocol}. A link has to be told
from pairs that keep one of its ends and that look like links to a heuristic, which is closer to
what a recommendation has to do. With one split, the std is that of initialisations alone.

The negatives are not the benchmark's files and not the release's choice, so that no published
number stands beside. Both rank candidates by the same heuristics and take the smallest rank, but
where a heuristic scores 0, as common neighbours do for nearly all of them, candidates share its
last rank here, and in the release the rank right behind the last that scores above 0: most of what
it takes are then equals in the order of a sort. On 60 test links of Cora, by scores of ours, the
two choices have 25% in common.

Neither is prediction: links are held out at random and not by their time, so that later papers help
to guess what earlier ones cite. Models learn from uniform negatives in both, so that the second
asks what none of them was trained for. And the settings of a model differ between the columns,
since each protocol's authors searched their own.
"""
MODELS = {
    "PureGNN + NCN": "propagation without weights; a head that reads both ends and the sum of "
    "their common neighbours",
    "PureGNN + NCNC": "the same; neighbours of one end alone count as far as a link to the other "
    "end is likely",
    "PureGNN + MLP": "the same encoder; a head that reads both ends alone",
    "GCN + MLP": "a GCN of Kipf and Welling; a head that reads both ends alone",
    "GCN + dot": "such a GCN; the inner product of both ends",
    "SAGE + MLP": "GraphSAGE in pre-norm residual blocks; a head that reads both ends alone",
}
COLUMNS = ("Hits@100, uniform", "MRR, hard", "Hits@10, hard")
MEASURES = ((UNIFORM, "hits@100"), (HARD, "mrr"), (HARD, "hits@10"))


def write_page(found: Mapping[str, Any], path: Path, study: Path) -> None:
    """Write the page of what was gathered."""
    digest = hashlib.sha256(study.read_bytes()).hexdigest()[:16]
    papers = {paper: _paper(paper) for paper in (UNIFORM, HARD)}
    published = read_study(study).get("published", {})
    models = [row["model"] for row in found["trained"]]
    lines = [filled(HEAD.format(digest=digest, **papers))]
    legend = [f"- `{name}`: {text}." for name, text in MODELS.items() if name in models]
    lines += ["", *legend] if legend else []
    for data in found["sets"]:
        lines += ["", f"## {data}", "", *section(found, data, published.get(data, {}))]
    lines += ["", *runs(found["trained"])] if found["trained"] else []
    if found["missing"]:
        lines += ["", "## Not there", "", *(f"- {name}." for name in found["missing"])]
    lines += ["", "## Known flaws of the protocols", ""]
    lines += [f"- {name}: {flaw}" for name, paper in papers.items() for flaw in paper.flaws]
    if found["machines"]:
        lines += ["", "## Machines and versions", "", *(f"- {text}" for text in found["machines"])]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def filled(text: str) -> str:
    """The paragraphs, their lines broken anew after what was put into them."""
    fill = partial(textwrap.fill, width=100, break_on_hyphens=False, break_long_words=False)
    return "\n\n".join(fill(part) for part in text.strip().split("\n\n"))


def _paper(name: str) -> Paper:
    return recipe(recipe_names(f"{name}/")[0]).paper


def section(found: Mapping[str, Any], data: str, published: Mapping[str, Any]) -> Iterator[str]:
    """One set: its models, its heuristics, and what follows."""
    models = [row for row in found["trained"] if row["data"] == data]
    blocks = {own["paper"]: own for own in found["heuristics"] if own["data"] == data}
    if models:
        yield from (table_of_models(models), "")
        yield from (f"- {text}." for text in found_models(models, blocks))
        yield ""
    if blocks:
        yield from (table_of_heuristics(blocks), "")
        if published and UNIFORM in blocks:
            yield from (table_of_readings(blocks[UNIFORM], published), "")
        yield from (f"- {text}." for text in found_heuristics(blocks, published))
    if not models and not blocks:
        yield "Nothing was run on this set."


def table_of_models(rows: Sequence[Row]) -> str:
    """A line a model: the number published, ours, and ours against hard negatives."""
    at = {(row["model"], row["paper"]): row for row in rows}
    names = [*MODELS, *dict.fromkeys(row["model"] for row in rows if row["model"] not in MODELS)]
    body = []
    for name in names:
        own = {paper: at.get((name, paper)) for paper in (UNIFORM, HARD)}
        if not any(own.values()):
            continue
        row = own[UNIFORM] or {}
        apart = row.get("apart")
        cells = [_cell(own[paper], metric) for paper, metric in MEASURES]
        told = "" if apart is None else f"{apart:+.2f}"
        body.append((name, _published(row.get("published")), cells[0], told, *cells[1:]))
    return layout(("model", "published", COLUMNS[0], "apart", *COLUMNS[1:]), body)


def table_of_heuristics(blocks: Mapping[str, Row]) -> str:
    """A line a heuristic, which reads what models read."""
    at = {
        (row["heuristic"], paper): row
        for paper, own in blocks.items()
        for row in own["rows"]
        if row["reads"] == own["reads"][0]
    }
    body = [
        (written(name), *(_cell(at.get((name, paper)), metric) for paper, metric in MEASURES))
        for name in dict.fromkeys(name for name, _ in at)
    ]
    return layout(("heuristic", *COLUMNS), body)


def table_of_readings(block: Row, published: Mapping[str, Any]) -> str:
    """Published numbers beside what they may have been: what was read, and in which graph."""
    at = {(row["heuristic"], row["reads"]): row for row in block["rows"]}
    reads = list(dict.fromkeys(reads for name, reads in at if name in published))
    body = [
        (
            written(name),
            _published(published[name]),
            *(_cell(at.get((name, own)), MEASURES[0][1]) for own in reads),
        )
        for name in published
    ]
    return layout(("heuristic", "published", *reads), body)


def _cell(row: Row | None, metric: str) -> str:
    if row is None or metric not in row["scores"]:
        return ""
    own = row["scores"][metric]
    return percent(own["mean"], own["std"], row["runs"])


def _published(number: Mapping[str, float] | None) -> str:
    return "" if number is None else f"{number['mean']:.2f} ± {number['std']:.2f}"


def runs(rows: Sequence[Row]) -> Iterator[str]:
    """Which recipe is behind a number, what it took, and how it differs from its paper."""
    yield from ("## Runs", "")
    yield layout(
        ("recipe", "model", "metric", "runs", "s a run", "parameters", "run"),
        [
            (
                row["recipe"],
                row["model"],
                metric_of(row),
                str(row["runs"]),
                f"{row['seconds']:.0f}",
                f"{row['parameters']:,}",
                row["folder"],
            )
            for row in rows
        ],
    )
    yield ""
    alike: dict[str, list[str]] = {}
    for row in rows:
        alike.setdefault("; ".join(row["differs"]) or "in nothing", []).append(row["recipe"])
    yield "How they differ from their papers, beside the flaws below:"
    yield ""
    yield from (
        f"- {', '.join(f'`{name}`' for name in names)}: {text}." for text, names in alike.items()
    )
