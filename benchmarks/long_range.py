"""How far a class is carried around a ring, and how far models look on road networks.

Settings are in long_range.toml beside this file. Every point is a run like any other: what is
finished is not repeated.
Run: python benchmarks/long_range.py [--only rings-gcn roads-goldcoast] [--out runs] [--jobs 2]
         [--encoders] [--rewirings] [--json FILE] [--page FILE] [--list]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from long_range_page import write_page
from points import (
    Looking,
    Point,
    Row,
    arguments_of,
    column,
    read_study,
    spread,
    summary,
    trained,
    work_through,
)

from gnnlab.runner.runs.run import Pair

RANGE = "range.jsonl"
Study = Mapping[str, Any]


def rings(study: Study, encoders: bool = False, rewirings: bool = False) -> Iterator[Point]:
    """Every ring of every curve; a model has as many layers as its class has hops to go."""
    table = study["rings"]
    curves = {name: (model, {"name": "none"}) for name, model in table["models"].items()}
    if encoders:
        curves |= {f"every-{name}": (model, {"name": "none"}) for name, model in every(table)}
    if rewirings:
        base = table["models"][table["rewired"]]
        curves |= {f"on-{name}": (base, method) for name, method in table["rewirings"].items()}
    for curve, (model, rewiring) in curves.items():
        for nodes in table["values"]:
            yield Point(
                "rings",
                table["data"]["name"],
                curve,
                nodes,
                tuple(
                    {
                        **{key: table[key] for key in ("task", "run")},
                        "data": {**table["data"], "nodes": nodes},
                        "model": deepened(model, nodes // 2),
                        "rewiring": rewiring,
                        "training": {**table["training"], "lr": lr},
                    }
                    for lr in table["lr"]
                ),
            )


def every(table: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every exported encoder of nodes that reads several graphs, with the settings all share."""
    import inspect

    from gnnlab import layers

    for name, encoder in layers.encoders().items():
        if encoder.transductive or encoder.level != "node":
            continue
        known = inspect.signature(encoder).parameters
        own = {"name": name, **table["every"]["settings"], **table["every"].get(name, {})}
        yield name.lower(), {key: own[key] for key in own if key in {"name", "depth", *known}}


def roads(study: Study) -> Iterator[Point]:
    """Every depth of every model on every set; what trained models look at is measured."""
    table = study["roads"]
    for data in table["sets"]:
        for curve, model in table["models"].items():
            for depth in table["values"]:
                settings = {
                    **{key: table[key] for key in ("task", "run", "training")},
                    "data": {"name": data},
                    "model": deepened(model, depth),
                }
                yield Point("roads", data, curve, depth, (settings,), dict(table["look"]))


def deepened(model: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The model with so many layers; ``depth`` names the setting that counts them."""
    rest = {key: value for key, value in model.items() if key != "depth"}
    return {**rest, model.get("depth", "num_layers"): depth}


def measured(point: Point, out: Path, overrides: Sequence[str]) -> Row:
    """Train a point, with the learning rate best on validation, and say what came out."""
    looking = None if point.look is None else Looking(look, point.look, RANGE)
    tried = [
        trained(point, settings, out, overrides, "long-range", looking)
        for settings in point.settings
    ]
    best = max(tried, key=lambda found: found.valid)
    found = summary(point, best)
    if looking is None:
        return found
    notes = looking.notes(best.folder, best.config)
    hops = zip(*(note["by_hop"] for note in notes), strict=True)
    return {
        **found,
        "range": statistics.fmean(column(notes, "range")),
        "range_std": spread(column(notes, "range")),
        "by_hop": [round(statistics.fmean(values), 6) for values in hops],
    }


def look(settings: Mapping[str, Any], pair: Pair, result: Any, data: Any) -> Row:
    """Measure how far away what a trained model depends on lies."""
    from gnnlab.rewiring import total_influence

    data = result.model.encoder.transform(copy(data))
    found = total_influence(result.model, data, **settings)
    return {"range": found.range, "by_hop": found.by_hop("all").tolist()}


def told(row: Mapping[str, Any]) -> str:
    """A point in a line."""
    score = f"{100 * row['mean']:.2f} ± {100 * row['std']:.2f}"
    far = f"  range {row['range']:.2f}" if "range" in row else ""
    curve = f"{row['part']} {row['data']} {row['curve']} {row['at']}"
    return f"{curve}: {score}{far}  {row['seconds']:.1f} s a run"


def page_of(rows: Sequence[Row], options: argparse.Namespace) -> None:
    write_page(rows, options.page, options.out, options.study)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = arguments_of(__doc__, Path(__file__).with_name("long_range.toml"))
    parser.add_argument("--encoders", action="store_true", help="rings for every encoder, too")
    parser.add_argument("--rewirings", action="store_true", help="rewired rings, too")
    options = parser.parse_args(arguments)
    study = read_study(options.study)
    points = [*rings(study, options.encoders, options.rewirings), *roads(study)]
    work = partial(measured, out=options.out, overrides=options.set)
    work_through(points, options, work, told, page_of)


if __name__ == "__main__":
    main()
