"""Runs written to disk without any training."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gnnlab import tasks
from gnnlab.runner.runs.curves import append_curve, curve_line
from gnnlab.runner.runs.run_toml import to_toml

NAMES = {
    "task": "node", "data": "csbm", "model": "GCN", "rewiring": "none", "metric": "accuracy"
}  # fmt: skip
MEASURED = {"seconds": 2.0, "parameters": 1000, "peak_memory_bytes": 2**20, "epoch": 3}


def write_run(
    folder: Path,
    tests: Sequence[float | None],
    valid: float = 0.5,
    settings: Mapping[str, Any] | None = None,
    recipe: str = "",
    *,
    by_seed: bool = False,
    epochs: int = 0,
    share: float | None = None,
    **names: Any,
) -> Path:
    """Write results of as many splits (or seeds) as there are scores, the settings, and curves."""
    folder.mkdir(parents=True)
    named = {**NAMES, **names}
    own = {key: named.get(key) for key in NAMES}
    lines = []
    for number, test in enumerate(tests):
        split, seed = (0, number) if by_seed else (number, 0)
        place = {"split": split, "seed": seed, "valid": valid, "test": test}
        lines.append({**MEASURED, **named, **place})
        if epochs:
            result = curve_result(epochs, test or 0.0, number, own["metric"])
            line = curve_line((split, seed), result, share)
            assert line is not None
            append_curve(folder, line)
    (folder / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    tables = {key: {"name": own[key]} for key in ("task", "data", "model", "rewiring")}
    for dotted, value in (settings or {}).items():
        section, _, key = dotted.partition(".")
        tables.setdefault(section, {})[key] = value
    (folder / "run.toml").write_text(to_toml({"recipe": {"name": recipe}, **tables}))
    return folder


def curve_result(epochs: int, score: float, seed: int, metric: str) -> tasks.Result:
    """A result with a curve that rises to a score, with noise."""
    noise, curve = random.Random(seed), tasks.Curve()
    for epoch in range(1, epochs + 1):
        rise = 1 - 0.97**epoch
        now = score * rise + noise.gauss(0, 0.01)
        loss = 2 * (1 - rise) + 0.3 + noise.gauss(0, 0.02)
        row = {"loss": loss, "valid_loss": loss + 0.2 * rise, "valid": now + 0.01, "test": now}
        curve.append(epoch, row)
    kept = max(1, epochs * 3 // 4)
    return tasks.Result(score, score, kept, 1.0, 1000, 1, metric, curve, None)


def write_many(home: Path, count: int, epochs: int = 200, pairs: int = 5) -> Path:
    """Write runs of several models and datasets that differ in some settings."""
    noise = random.Random(0)
    for number in range(count):
        model = ("GCN", "SAGE", "GATSep", "GIN", "LINKX")[number % 5]
        data = ("minesweeper", "tolokers", "roman_empire", "questions")[number // 5 % 4]
        base = 0.6 + 0.05 * (number % 5) + noise.gauss(0, 0.02)
        settings = {
            "training.lr": noise.choice([0.1, 0.01, 0.001]),
            "model.num_layers": noise.choice([1, 2, 5]),
            "model.dropout": noise.choice([0.0, 0.2, 0.5]),
            "training.weight_decay": noise.choice([0.0, 5e-4]),
        }
        write_run(
            home / f"{data}-{model.lower()}-{number:04d}",
            [base + noise.gauss(0, 0.01) for _ in range(pairs)],
            settings=settings, epochs=epochs, data=data, model=model,
            seconds=10 ** noise.uniform(0, 2), parameters=round(10 ** noise.uniform(4, 6)),
        )  # fmt: skip
    return home
