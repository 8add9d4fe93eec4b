"""The page of the long-range bench: what came out, in words that follow from the numbers."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gnnlab.runner.reports.results_page import machines_of
from gnnlab.runner.reports.tables import layout, percent

SOLVED = 0.95
"""A ring is solved where every seed gets at least this share of the test graphs right."""
LOCAL = "-local"
HEAD = """\
# Long range

Made by `python benchmarks/long_range.py --page docs/long_range.md`; the figure by
`docs/draw_long_range.py`. Settings: benchmarks/long_range.toml, sha256 {digest}…, which says when
they were fixed. Test scores in percent at the epoch best on validation, mean ± std (ddof 1) over
{runs} seeds.{molecules}

![Accuracy and range against distance and depth](long_range.png)
"""
RINGS = """
## A class carried around a ring

RingTransfer: node 0 of a ring of n nodes is asked for the class that lies opposite, n / 2 hops
away, by a model of n / 2 layers: one less would never hear of it. Guessing is right in
{guess:.0f}%, and nothing keeps a model from 100%. A ring is solved where every seed gets at least
{solved:.0%} right. The {classes} classes make as many different graphs: a score says what a model
can be trained to carry, not how it generalises.

Settings: {epochs} passes over {graphs} graphs at most, {batch} a step, by Adam, stopped after
{patience} without a better one; of the learning rates {lr} each ring reports the one better on
validation.
"""
ROADS = """
## Road networks

The far label is the decile of a crossing's eccentricity within 16 hops, in lengths of roads, as in
City-Networks; the near one, on the same graph with the same features and splits, the decile of a
feature's mean over the node and its neighbours. Both follow from the graph without noise: a model
that hears 16 hops far could be right always on the far label, one that hears a single hop on the
near one. Guessing is right in a tenth of the cases. *Range* is the mean distance in hops of what
the trained model's logits at a node depend on, weighted by influence (summed absolute derivatives
of {nodes} nodes' logits by features up to {hops} hops away).

Settings: {epochs} steps of the whole graph by AdamW, learning rate {lr:g}, dropout {dropout:g}; a
tenth of the crossings to train on, a tenth for validation.
"""
MODELS = {
    "gcn": "a GCN of Kipf and Welling",
    "tuned": "a GCN with a learned linear skip and LayerNorm in every layer",
    "gin": "a GIN",
    "sage": "GraphSAGE in pre-norm residual blocks",
    "dagnn": "DAGNN, which propagates so many steps and weighs them for each node",
    "sheaf": "neural sheaf diffusion with diagonal maps",
    "drew1": "DRew that hears neighbours alone: a GCN with residual",
    "drew": "DRew with delay (nu = 1){own}",
    "drewinf": "DRew without delay",
}
OWN = {"rings": ", all distances up to its depth", "roads": ", distances 1 to 4, at half the width"}
"""What DRew hears in each part."""
Row = dict[str, Any]


def write_page(rows: Sequence[Row], path: Path, out: Path, study: Path) -> None:
    """Write the page of these points; their run folders lie in ``out``."""
    digest, table = hashlib.sha256(study.read_bytes()).hexdigest()[:16], _read(study)
    beside = " Molecules have [a page of their own](qm9.md)."
    more = beside if path.with_name("qm9.md").is_file() else ""
    lines = [HEAD.format(digest=digest, runs=rows[0]["runs"], molecules=more)]
    ringed = [row for row in rows if row["part"] == "rings"]
    roads = [row for row in rows if row["part"] == "roads"]
    if ringed:
        lines += [ring_words(table["rings"]), *told_models(ringed), *ring_lines(ringed)]
    if roads:
        lines += [road_words(table["roads"]), *told_models(roads), *road_lines(roads)]
    machines = sorted({text for row in rows for text in machines_of(out / row["folder"])})
    lines += ["", "## Machines and versions", "", *(f"- {text}" for text in machines)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _read(study: Path) -> dict[str, Any]:
    return tomllib.loads(study.read_text(encoding="utf-8"))


def ring_words(table: dict[str, Any]) -> str:
    """What is asked of rings, at what settings."""
    classes = table["data"].get("classes", 5)
    return RINGS.format(
        guess=100 / classes,
        solved=SOLVED,
        classes=classes,
        epochs=table["training"]["epochs"],
        graphs=round(0.8 * table["data"]["graphs"]),
        batch=table["task"].get("batch_size", 64),
        patience=table["training"].get("patience", "none"),
        lr=" and ".join(f"{lr:g}" for lr in table["lr"]),
    )


def road_words(table: dict[str, Any]) -> str:
    """What is asked of road networks, at what settings."""
    training, first = table["training"], next(iter(table["models"].values()))
    return ROADS.format(
        hops=table["look"]["max_hop"],
        nodes=table["look"]["nodes"],
        epochs=training["epochs"],
        lr=training.get("lr", 0.01),
        dropout=first.get("dropout", 0.2),
    )


def told_models(rows: Sequence[Row]) -> Iterator[str]:
    """What each curve's model is."""
    for curve in _curves(rows):
        if curve in MODELS:
            yield f"- `{curve}`: {MODELS[curve].format(own=OWN[rows[0]['part']])}."
    yield ""


def ring_lines(rows: Sequence[Row]) -> Iterator[str]:
    """How far each model solves, and its scores."""
    curves = _curves(rows)
    for curve, own in curves.items():
        yield f"- `{curve}` {reach(own)}."
    sizes = sorted({row["at"] for row in rows})
    yield ""
    yield layout(
        ("model", *(f"n = {size}" for size in sizes), "lr taken", "parameters"),
        [
            (curve, *_cells(own, sizes), _spread(own, "lr"), _spread(own, "parameters"))
            for curve, own in curves.items()
        ],
    )


def reach(own: Sequence[Row]) -> str:
    """Up to which ring all are solved, in words."""
    ordered = sorted(own, key=lambda row: row["at"])
    failed = [row["at"] for row in ordered if row["lowest"] < SOLVED]
    before = [row["at"] for row in ordered if not failed or row["at"] < failed[0]]
    later = [row["at"] for row in ordered if failed and row["at"] > failed[0]]
    again = [size for size in later if size not in failed]
    if not failed:
        return f"solves every ring, n = {ordered[0]['at']} to {ordered[-1]['at']}"
    told = f"solves rings up to n = {before[-1]}" if before else "solves not the smallest ring"
    lone = f"; beyond n = {failed[0]}, which it does not solve, also {_listed(again)}"
    return told + (lone if again else "")


def road_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Where depth helps and how range goes with it, and the numbers."""
    sets = list(dict.fromkeys(row["data"] for row in rows))
    for data in sets:
        if data + LOCAL in sets:
            yield f"On {data}, {contrast(rows, data)}."
            yield ""
    for data in sets:
        own = [row for row in rows if row["data"] == data]
        depths = sorted({row["at"] for row in own})
        kind = "near label" if data.endswith(LOCAL) else "far label"
        yield f"### {data}: {kind}\n"
        for curve, points in _curves(own).items():
            yield f"- `{curve}`: {growth(points)}."
        yield ""
        yield layout(
            ("model", "", *(f"depth {depth}" for depth in depths), "parameters"),
            [line for c, points in _curves(own).items() for line in _two(c, points, depths)],
        )
        yield ""


def contrast(rows: Sequence[Row], data: str) -> str:
    """How much the range grows from the shallowest to the deepest models, for either label."""
    depths = sorted({row["at"] for row in rows if row["data"] == data})
    far, near = (_grown(rows, name) for name in (data, data + LOCAL))
    means = [sum(grown.values()) / len(grown) for grown in (far, near)]
    both = [f"`{c}` {far[c]:+.2f} and {near[c]:+.2f}" for c in far if c in near]
    told = [f"`{c}`" for c in far if c in near and far[c] >= 2 * near[c]]
    return (
        f"from depth {depths[0]} to {depths[-1]} the range grows by {means[0]:.2f} hops for the "
        f"far label and by {means[1]:.2f} for the near one, in the mean over models: "
        f"{'; '.join(both)}. At least twice as much for the far label: "
        f"{', '.join(told) or 'none'}; "
        "of any other model it says how deep the model is, and not what the label asks for"
    )


def _grown(rows: Sequence[Row], data: str) -> dict[str, float]:
    """By how much each model's range grows from the shallowest to the deepest."""
    curves = _curves([row for row in rows if row["data"] == data])
    ends = {curve: sorted(own, key=lambda row: row["at"]) for curve, own in curves.items()}
    return {curve: own[-1]["range"] - own[0]["range"] for curve, own in ends.items()}


def growth(points: Sequence[Row]) -> str:
    """Best depth and the range from the shallowest to the deepest model, in words."""
    ordered = sorted(points, key=lambda row: row["at"])
    best = max(ordered, key=lambda row: row["mean"])
    first, last = ordered[0], ordered[-1]
    far = f"range {first['range']:.2f} at depth {first['at']}"
    if len(ordered) > 1:
        far += f", {last['range']:.2f} at depth {last['at']}"
    return f"best at depth {best['at']} ({100 * best['mean']:.1f}%); {far}"


def _two(curve: str, points: Sequence[Row], depths: Sequence[int]) -> list[tuple[str, ...]]:
    at = {row["at"]: row for row in points}
    ranges = [f"{at[d]['range']:.2f} ± {at[d]['range_std']:.2f}" if d in at else "" for d in depths]
    scores = (curve, "accuracy", *_cells(points, depths), _spread(points, "parameters"))
    return [scores, ("", "range", *ranges, "")]


def _cells(points: Sequence[Row], places: Sequence[int]) -> list[str]:
    at = {row["at"]: row for row in points}
    return [percent(at[p]["mean"], at[p]["std"], at[p]["runs"]) if p in at else "" for p in places]


def _curves(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["curve"], []).append(row)
    return found


def _spread(points: Sequence[Row], key: str) -> str:
    values = sorted({row[key] for row in points})
    ends = dict.fromkeys((values[0], values[-1]))
    return " to ".join(f"{value:,}" if isinstance(value, int) else f"{value:g}" for value in ends)


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))
