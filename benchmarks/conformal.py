"""Conformal sets on real graphs: coverage and size of each method over draws of its nodes.

Settings are in conformal.toml beside this file. The graphs come from gnnlab.datasets. A set that is
in the file of results already is not repeated.
Run: python benchmarks/conformal.py [--json FILE] [--page FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from conformal_page import write_page
from torch import Tensor

from gnnlab import conformal, datasets, tasks
from gnnlab.datasets import edge_homophily
from gnnlab.layers import GCN
from gnnlab.tasks.uncertainty.reading import probabilities

SETTINGS = Path(__file__).with_suffix(".toml")
SLOW = ("cfgnn", "naps")
"""Methods that learn, or look at pairs of nodes, at each draw."""
Row = dict[str, Any]


def judged(study: Mapping[str, Any], name: str) -> Iterator[Row]:
    """A row for each method on one graph."""
    data = datasets.load(name)
    model = GCN(data.num_features, **study["model"])
    task, training = (
        tasks.NodeClassification(metric="accuracy"),
        tasks.Training(**study["training"]),
    )
    result = tasks.fit(task, model, data, training, seed=study["seed"])
    chances = probabilities(result, data)
    test = data.test_mask.reshape(len(data.y), -1)[:, 0].nonzero().flatten()
    count = min(study["calibration"], len(test) // 2)
    about = {
        "set": name,
        "accuracy": result.test,
        "homophily": edge_homophily(data.edge_index, data.y),
        "classes": int(data.classes),
        "calibration": count,
        "test": len(test) - count,
    }
    for title, method in study["methods"].items():
        draws = study["slow_draws" if method["name"] in SLOW else "draws"]
        found = []
        for seed in range(draws):
            known = drawn(test, count, len(data.y), seed)
            found.append(
                conformal.calibrate(
                    chances, data, study["alpha"], method=method, calibration=known, seed=seed
                )
            )
        yield {**about, "method": title, "draws": draws, **measured(found)}


def drawn(test: Tensor, count: int, nodes: int, seed: int) -> Tensor:
    """The calibration nodes of one draw, as a mask."""
    order = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed))
    mask = torch.zeros(nodes, dtype=torch.bool)
    mask[test[order[:count]]] = True
    return mask


def measured(found: list[conformal.Calibrated]) -> Row:
    """Coverage and size of every draw, and the means by class."""
    tables = [one.by_class() for one in found]
    columns = ("coverage", "size", "single", "empty")
    row: Row = {name: [getattr(one, name) for one in found] for name in columns}
    numbers = sorted({int(number) for table in tables for number in table["class"]} - {-1})
    for key in ("coverage", "size"):
        row[f"{key}_by_class"] = {
            number: statistics.mean(
                float(table.loc[table["class"] == number, key].iloc[0])
                for table in tables
                if (table["class"] == number).any()
            )
            for number in numbers
        }
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("docs/conformal.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/conformal.md"))
    asked = parser.parse_args()
    study = tomllib.loads(SETTINGS.read_text("utf-8"))
    rows = json.loads(asked.json.read_text("utf-8")) if asked.json.exists() else []
    done = {row["set"] for row in rows}
    for name in study["sets"]:
        if name not in done:
            rows += judged(study, name)
            asked.json.write_text(json.dumps(rows) + "\n", encoding="utf-8")
            print(f"{name} done", flush=True)
    write_page(rows, study, asked.page, SETTINGS)


if __name__ == "__main__":
    main()
