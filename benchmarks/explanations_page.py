"""The page of explanations on BA-Shapes: what came out, in words that follow from the numbers."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gnnlab.runner.reports.tables import layout

HEAD = """\
# Explanations: BA-Shapes

Made by `python benchmarks/explanations.py`. Settings: benchmarks/explanations.toml, sha256
{digest}…, which says when they were fixed. Mean ± std (ddof 1) over {seeds} seeds, each with its
own graph, training and draws.

A label in BA-Shapes is a node's role in a house of six edges, or in the graph that the houses hang
on. An explanation of a house's node should rank the edges of its own house first. The area under
the ROC curve is taken node by node among the edges within {hops} hops, and averaged: over the first
node of sixty houses, as the papers' code does, and over nodes of every role. Fidelity is of the
{count} most important edges, both directions counted, at the papers' nodes: *classical* deletes all
of them, or all others; *robust* deletes a tenth of them, or a tenth of the others. Numbers of
IntegratedGradients have a sign: edges that speak against the class rank last. Published areas are
quoted second-hand. Seconds are the median over seeds, on a busy machine.
"""
CONTROLS = {
    "RandomMask": "no method at all",
    "DegreeMask": "edges between nodes of low degree first",
    "NearMask": "edges near the node first",
}
Row = Mapping[str, Any]


def write_page(rows: Sequence[Row], study: Row, path: Path, settings: Path) -> None:
    """Write the page of these rows."""
    digest = hashlib.sha256(settings.read_bytes()).hexdigest()[:16]
    seeds = len({row["seed"] for row in rows})
    head = HEAD.format(digest=digest, seeds=seeds, hops=study["hops"], count=study["count"])
    path.write_text("\n".join([head, *section(rows, study)]) + "\n", encoding="utf-8")


def section(rows: Sequence[Row], study: Row) -> Iterator[str]:
    """What follows, and the tables."""
    by_method: dict[str, list[Row]] = {}
    for row in rows:
        by_method.setdefault(row["method"], []).append(row)
    yield from (f"- {text}." for text in findings(by_method, study))
    yield ""
    titles = ["method", "area, papers' nodes", "area, every role", "s an explanation"]
    areas = table(by_method, ("auc_papers", "auc_all_roles"))
    times = [
        statistics.median(row["seconds_papers"] for row in rows) for rows in by_method.values()
    ]
    yield layout(titles, [[*line, f"{s:.2f}"] for line, s in zip(areas, times, strict=True)])
    yield ""
    kinds = [
        f"{kind}_{name}" for kind in ("classical", "robust") for name in ("plus", "minus", "delta")
    ]
    titles = ["method", *(f"{key.split('_')[0]} {sign(key)}" for key in kinds)]
    yield layout(titles, table(by_method, kinds))


def sign(key: str) -> str:
    """How a measure is written."""
    return {"plus": "Fid+", "minus": "Fid−", "delta": "Δ"}[key.split("_")[1]]


def table(by_method: Mapping[str, Sequence[Row]], keys: Sequence[str]) -> list[list[str]]:
    """A line for each method."""
    return [
        [method, *(spread([row[key] for row in rows]) for key in keys)]
        for method, rows in by_method.items()
    ]


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    wide = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {wide:.3f}"


def findings(by_method: Mapping[str, Sequence[Row]], study: Row) -> Iterator[str]:
    """Sentences that follow from the numbers."""
    accuracy = [row["accuracy"] for row in by_method["GNNExplainer"]]
    low = sum(value < 0.95 for value in accuracy)
    told = f"below .95 for {low} of {len(accuracy)} seeds"
    yield f"The GCN's test accuracy is {spread(accuracy)}, {told}"
    for method, published in study["published"].items():
        areas = [row["auc_papers"] for row in by_method[method]]
        mean, wide = statistics.mean(areas), statistics.stdev(areas) if len(areas) > 1 else 0.0
        word = "reaches" if mean >= published - wide else "does not reach"
        yield f"{method} {word} the published {published} less one std: {mean:.3f} ± {wide:.3f}"
    for kind, told in (("papers", "at the papers' nodes"), ("all_roles", "at nodes of every role")):
        means = {
            method: statistics.mean(row[f"auc_{kind}"] for row in rows)
            for method, rows in by_method.items()
        }
        control = max(CONTROLS, key=lambda name: means[name])
        better = [name for name, mean in means.items() if mean > means[control]]
        yield (
            f"The best control {told} is {control} ({CONTROLS[control]}): {means[control]:.3f}; "
            f"better than it: {', '.join(better) or 'none'}"
        )
