"""Test accuracy of deep and of far-reaching models against their depth.

The settings of every curve are in depth.toml beside this file. Every point is a run like any other:
what is finished is not repeated.
Run: python benchmarks/depth.py [--only dagnn gcn] [--out runs] [--jobs 2] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gnnlab.runner import Config, configure, run, summarise
from gnnlab.runner.runs.run import wanted_results

TABLES = ("task", "data", "training", "run")


def points(
    study: Mapping[str, Any], only: Sequence[str] = (), overrides: Sequence[str] = ()
) -> Iterator[tuple[str, int, Config]]:
    """Give every curve's name, depth and settings."""
    shared = {name: study[name] for name in TABLES if name in study}
    for name, curve in study["curves"].items():
        if only and name not in only:
            continue
        for depth in curve["values"]:
            settings = {
                **shared,
                "model": {**curve["model"], curve["depth"]: depth},
                "training": {**shared.get("training", {}), **curve.get("training", {})},
            }
            yield name, depth, configure(settings, overrides)


def measured(name: str, depth: int, config: Config, out: Path, jobs: int) -> dict[str, Any]:
    """Train a point and say what came out: fractions, std with ddof 1."""
    folder = run(config, out, jobs=jobs, name=f"depth/{name}-{depth}")
    rows = wanted_results(folder, config)
    found = summarise(rows)
    return {
        "curve": name,
        "depth": depth,
        "mean": found.mean,
        "std": found.std,
        "runs": found.runs,
        "valid": sum(row["valid"] for row in rows) / len(rows),
        "seconds": sum(row["seconds"] for row in rows) / len(rows),
        "folder": folder.name,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--study", type=Path, default=Path(__file__).with_name("depth.toml"))
    parser.add_argument("--only", nargs="+", default=[], help="curves, all if none is named")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--jobs", type=int, default=1, help="processes that train at once")
    parser.add_argument("--json", type=Path, help="also write the points to this file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(arguments)
    study = tomllib.loads(options.study.read_text(encoding="utf-8"))
    rows = []
    for point in points(study, options.only, options.set):
        rows.append(found := measured(*point, options.out, options.jobs))
        score = f"{100 * found['mean']:.2f} ± {100 * found['std']:.2f}"
        print(f"{found['curve']:8}{found['depth']:>4}  {score}  {found['runs']} runs", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
