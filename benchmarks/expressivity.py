"""What trained networks tell apart, beside what an injective colouring says that they can.

Circular skip links as a classification, and BREC's pairs by its paired protocol. Settings are in
expressivity.toml beside this file. Trainings are runs like any other, and every pair is a line of
its own: what is finished is not repeated.
Run: python benchmarks/expressivity.py [--only csl brec-basic] [--out runs] [--jobs 2] [--json FILE]
[--page FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from expressivity_page import write_page
from points import Point, Row, arguments_of, read_study, summary, trained, work_through

from gnnlab.runner import Config, configure

LINES = "pairs.jsonl"


def points(study: Mapping[str, Any]) -> Iterator[Point]:
    """A point for each model on the circular skip links, and on each category of pairs."""
    csl, brec = study["csl"], study["brec"]
    for curve, model in csl["models"].items():
        own = csl.get("own", {}).get(curve, {})
        tables = {
            key: {**csl[key], **own.get(key, {})} for key in ("task", "data", "training", "run")
        }
        yield Point("csl", csl["data"]["name"], curve, 0, ({**tables, "model": model},))
    for category in brec["categories"]:
        for curve, model in brec["models"].items():
            settings = {
                "task": {"name": "graph", "readout": "sum"},
                "data": {"name": f"brec_{category}"},
                "model": model,
            }
            look = {
                "protocol": brec["protocol"],
                "seed": brec["seed"],
                "left_out": brec.get("left_out", {}).get(f"{category}-{curve}", ""),
            }
            yield Point(f"brec-{category}", category, curve, 0, (settings,), look)


def measured(point: Point, out: Path, overrides: Sequence[str]) -> Row:
    """Train what is missing of a point, and say what came out beside what theory allows."""
    if point.part == "csl":
        return _classified(point, out, overrides)
    return _compared(point, out, overrides)


def _classified(point: Point, out: Path, overrides: Sequence[str]) -> Row:
    from gnnlab import datasets

    found = trained(point, point.settings[0], out, overrides, "expressivity")
    graphs = datasets.load(**found.config.data)
    colors = colors_of(found.config.model, list(graphs))
    kinds = {color: label for color, label in zip(colors, graphs.y.tolist(), strict=True)}
    return {**summary(point, found), "theory": len(kinds), "of": graphs.classes}


def _compared(point: Point, out: Path, overrides: Sequence[str]) -> Row:
    from gnnlab import datasets

    assert point.look is not None
    config = configure(point.settings[0], overrides)
    graphs = list(datasets.load(**config.data))
    colors = colors_of(config.model, graphs)
    row = {
        "part": point.part,
        "data": point.data,
        "curve": point.curve,
        "at": point.at,
        "theory": sum(one != two for one, two in zip(colors[::2], colors[1::2], strict=True)),
        "of": len(graphs) // 2,
        "left_out": point.look["left_out"],
    }
    if point.look["left_out"]:
        return row
    folder, lines = _pairs(point, config, graphs, out)
    return {
        **row,
        "told_apart": sum(line["told_apart"] for line in lines),
        "unreliable": sum(not line["reliable"] for line in lines),
        "beyond": sum(
            line["told_apart"] and colors[2 * line["pair"]] == colors[2 * line["pair"] + 1]
            for line in lines
        ),
        "seconds": sum(line["seconds"] for line in lines),
        "folder": folder.name,
    }


def _pairs(
    point: Point, config: Config, graphs: Sequence[Any], out: Path
) -> tuple[Path, list[Row]]:
    """Compare the pairs that have no line yet, and give all lines."""
    from gnnlab.runner.runs.run_toml import describe
    from gnnlab.tasks.graph.pair_discrimination import PairedComparison

    assert point.look is not None
    told = {key: point.look[key] for key in ("protocol", "seed")}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]
    folder = out / f"{config.label()}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    describe(config, folder, f"expressivity/{point.name}")
    lines = read_lines(folder / LINES)
    done = {line["pair"] for line in lines}
    protocol, make = PairedComparison(**told["protocol"]), encoder_of(config)
    for number in range(len(graphs) // 2):
        if number in done:
            continue
        began = time.perf_counter()
        found = protocol.compare(make, *graphs[2 * number : 2 * number + 2], told["seed"])
        line = {
            "pair": number,
            "told_apart": found.told_apart,
            "reliable": found.reliable,
            "apart": found.apart,
            "control": found.control,
            "threshold": found.threshold,
            "seconds": round(time.perf_counter() - began, 3),
        }
        _append(folder / LINES, line)
        lines.append(line)
    return folder, lines


def read_lines(path: Path) -> list[Row]:
    """The pairs that are finished; a line that was cut short counts for nothing."""
    found = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            found.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return found


def _append(path: Path, line: Row) -> None:
    """Add a line, on a line of its own even after one that was cut short."""
    torn = path.is_file() and not path.read_bytes().endswith(b"\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n" * torn + json.dumps(line) + "\n")


def encoder_of(config: Config) -> Callable[[], Any]:
    """What builds the encoder of one constant feature a node."""
    from gnnlab import layers

    given = {key: value for key, value in config.model.items() if key != "name"}
    return partial(layers.find(config.model["name"]), 1, **given)


def colors_of(model: Mapping[str, Any], graphs: Sequence[Any]) -> list[int]:
    """A number for each graph, equal where a network of this form sees no difference at best.

    Path and subgraph networks are coloured with hashes in the place of their layers; for all
    others, which pass messages, it is colour refinement of as many rounds as they have layers.
    """
    from gnnlab.datasets.measures.duplicates import first_alike
    from gnnlab.structure import path_colors, subgraph_colors

    if model["name"] == "PathNN":
        of = partial(path_colors, length=model["length"], kind=model["kind"])
    elif model["name"] == "SubgraphGNN":
        of = partial(
            subgraph_colors,
            aggregation=model["aggregation"],
            policy=model["policy"],
            pooling=model["pooling"],
            max_distance=model["max_distance"],
            rounds=model["num_layers"],
        )
    else:
        return [int(number) for number in first_alike(graphs, model["num_layers"])]
    return [int(of(graph.edge_index, graph.num_nodes).sum()) for graph in graphs]


def told(row: Mapping[str, Any]) -> str:
    """A point in a line."""
    if row["part"] == "csl":
        most = f"colours {row['theory']} of {row['of']} classes"
        return f"CSL {row['curve']}: {row['mean']:.1%} ± {row['std']:.1%}, {most}"
    most = f"theory {row['theory']} of {row['of']}"
    if row["left_out"]:
        return f"{row['data']} {row['curve']}: {most}, not trained: {row['left_out']}"
    came = f"{row['told_apart']} told apart, {row['unreliable']} unreliable"
    return f"{row['data']} {row['curve']}: {came}, {most}  {row['seconds']:.0f} s"


def page_of(rows: Sequence[Row], options: argparse.Namespace) -> None:
    done = {(row["part"], row["curve"]) for row in rows}
    study = points(read_study(options.study))
    left = [f"{p.part}-{p.curve}" for p in study if (p.part, p.curve) not in done]
    write_page(rows, options.page, options.out, options.study, left)


def main(arguments: Sequence[str] | None = None) -> None:
    options = arguments_of(__doc__, Path(__file__).with_name("expressivity.toml"))
    parsed = options.parse_args(arguments)
    study = read_study(parsed.study)
    work = partial(measured, out=parsed.out, overrides=parsed.set)
    work_through(list(points(study)), parsed, work, told, page_of)


if __name__ == "__main__":
    main()
