"""Demo of ``make run``: four models on a generated Minesweeper board."""

from __future__ import annotations

import json
from pathlib import Path

from gnnlab.core.writing import write_text
from gnnlab.runner.reports.tables import layout, percent
from gnnlab.runner.runs.results import Summary, read_results, summarise
from gnnlab.runner.runs.run import run
from gnnlab.runner.settings.config import configure
from gnnlab.runner.settings.recipes import recipe

MODELS = {"ResNet": "resnet", "GCN": "gcn", "SAGE": "sage", "GAT-sep": "gat-sep"}


def main_job(out: str | Path = "runs") -> Path:
    """Train ResNet, GCN, SAGE and GAT-sep, print their table, and return its JSON file.

    ``out/main/table.json`` is a list of objects: model, mean and std as fractions, seconds of all
    its runs, parameters.
    """
    home = Path(out) / "main"
    print("A generated Minesweeper board: 100 x 100 cells, 20% mines. Is a cell a mine?")
    found = {}
    for title, name in MODELS.items():
        made = recipe(f"main/minesweeper-{name}-small")
        folder = run(configure(made.settings), home, progress=True, name=made.name)
        found[title] = summarise(read_results(folder))
    path = home / "table.json"
    entries = [_entry(title, s) for title, s in found.items()]
    write_text(path, json.dumps(entries, indent=2) + "\n")
    print(main_table(found))
    return path


def main_table(found: dict[str, Summary]) -> str:
    """Lay out the main job's table."""
    rows = [
        (title, percent(s.mean, s.std), f"{s.seconds * s.runs:.0f} s", f"{s.parameters:,}")
        for title, s in found.items()
    ]
    return layout(("model", "ROC AUC", "time", "parameters"), rows)


def _entry(title: str, summary: Summary) -> dict[str, str | float | int]:
    return {
        "model": title,
        "mean": summary.mean,
        "std": summary.std,
        "seconds": round(summary.seconds * summary.runs, 2),
        "parameters": summary.parameters,
    }
