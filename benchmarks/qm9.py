"""Errors on molecules of models that hear far atoms early, late or not at all, at equal size.

Settings are in qm9.toml beside this file. Every point is a run like any other: what is finished is
not repeated.
Run: python benchmarks/qm9.py [--only gin drew] [--out runs] [--jobs 2] [--json FILE] [--page FILE]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

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
from qm9_page import write_page

from gnnlab.datasets.catalogue import records
from gnnlab.layers import width_for
from gnnlab.runner import configure
from gnnlab.runner.runs.run import Pair

ERRORS = "errors.jsonl"
AT_ONCE = 256
"""Test graphs that are predicted together."""


def points(study: Mapping[str, Any]) -> Iterator[Point]:
    """A point for each model, as wide as the budget allows."""
    for curve, model in study["models"].items():
        own = {**model, "num_layers": study["num_layers"]}
        own["hidden_channels"] = widest(study, own)
        settings = tuple(
            {
                **{key: study[key] for key in ("task", "data", "run")},
                "model": own,
                "training": {**study["training"], "lr": lr},
            }
            for lr in study["lr"]
        )
        name = study["data"]["name"]
        yield Point("molecules", name, curve, study["num_layers"], settings, look={})


def widest(study: Mapping[str, Any], model: Mapping[str, Any]) -> int:
    """The width of a model, with its head, at the budget; no file is read for it."""
    from inspect import signature

    from gnnlab import layers
    from gnnlab.tasks.shared.model import Model

    known = records.find(study["data"]["name"]).statistics
    cls = layers.find(model["name"])
    given = {key: value for key, value in model.items() if key != "name"}
    if "num_relations" in signature(cls).parameters:
        given["num_relations"] = known["edge_types"]

    def make(width: int) -> Model:
        encoder = cls(known["attributes"], hidden_channels=width, **given)
        return Model(encoder, known["classes"])

    return width_for(study["budget"], make)


def measured(point: Point, out: Path, overrides: Sequence[str]) -> Row:
    """Choose a learning rate on the first seed, train all seeds with it, and say what came out."""
    looking = Looking(errors, point.look or {}, ERRORS)
    first = configure(point.settings[0], overrides).run
    pairs = [(first.splits[0], first.seeds[0])]
    again = partial(trained, point, out=out, overrides=overrides, study="qm9", looking=looking)
    tried = {
        index: again(point.settings[index], pairs=pairs) for index in range(len(point.settings))
    }
    best = max(tried, key=lambda index: tried[index].valid)
    found = again(point.settings[best])
    notes = looking.notes(found.folder, found.config)
    relative = [[e / s for e, s in zip(n["mae"], n["sigma"], strict=True)] for n in notes]
    means = [statistics.fmean(line) for line in relative]
    return {
        **summary(point, found),
        "width": found.config.model["hidden_channels"],
        "tried": {f"{t.config.training['lr']:g}": abs(t.valid) for t in tried.values()},
        "targets": notes[0]["targets"],
        "relative": statistics.fmean(means),
        "relative_std": spread(means),
        "by_target": [statistics.fmean(values) for values in zip(*relative, strict=True)],
        "by_target_std": [spread(values) for values in zip(*relative, strict=True)],
        "mae": [statistics.fmean(values) for values in zip(*column(notes, "mae"), strict=True)],
        "sigma": notes[0]["sigma"],
        "median": [e / s for e, s in zip(notes[0]["median"], notes[0]["sigma"], strict=True)],
    }


def errors(settings: Mapping[str, Any], pair: Pair, result: Any, data: Any) -> Row:
    """Each target's mean absolute error on test, and that of the median of training.

    ``sigma`` is the standard deviation (ddof 0) of the training targets, by which they are divided.
    """
    import torch

    from gnnlab.tasks.targets.numbers import standard

    train, test = (mask[:, pair[0]].nonzero()[:, 0] for mask in (data.train_mask, data.test_mask))
    y = data.y.double()
    _, sigma = standard(y[train])
    predicted = predictions(result.model, [data[i] for i in test.tolist()])
    median = (y[test] - torch.quantile(y[train], 0.5, dim=0)).abs().mean(0)
    return {
        "targets": list(data.targets),
        "mae": (predicted - y[test]).abs().mean(0).tolist(),
        "sigma": sigma.tolist(),
        "median": median.tolist(),
    }


def predictions(model: Any, graphs: Sequence[Any]) -> Any:
    """What a trained model says of some graphs, (G, T) float64."""
    from copy import copy

    import torch
    from torch_geometric.data import Batch

    whole = [model.encoder.transform(copy(graph)) for graph in graphs]
    parts = [whole[first : first + AT_ONCE] for first in range(0, len(whole), AT_ONCE)]
    with torch.no_grad():
        return torch.cat([model(Batch.from_data_list(part)) for part in parts]).double()


def told(row: Mapping[str, Any]) -> str:
    """A point in a line."""
    score = f"{row['relative']:.4f} ± {row['relative_std']:.4f} of sigma"
    size = f"width {row['width']}, {row['parameters']:,} parameters, lr {row['lr']:g}"
    return f"{row['curve']}: {score}  {size}  {row['seconds']:.0f} s a run"


def page_of(rows: Sequence[Row], options: argparse.Namespace) -> None:
    write_page(rows, options.page, options.out, options.study)


def main(arguments: Sequence[str] | None = None) -> None:
    options = arguments_of(__doc__, Path(__file__).with_name("qm9.toml")).parse_args(arguments)
    study = read_study(options.study)
    work = partial(measured, out=options.out, overrides=options.set)
    work_through(list(points(study)), options, work, told, page_of)


if __name__ == "__main__":
    main()
