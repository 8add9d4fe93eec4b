"""Lines of results on disk, and what they come to."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "results.jsonl"


@dataclass(frozen=True)
class Summary:
    """Mean and spread over the runs of one setting.

    Args:
        mean: of the test score, a fraction.
        std: with ddof 1, a fraction; 0 for a single run.
        valid: mean validation score, a fraction.
        runs: number of lines.
        seconds: mean wall time of a run.
        parameters: trainable numbers.
        peak_memory_bytes: the largest.
    """

    task: str
    data: str
    model: str
    rewiring: str
    metric: str
    mean: float
    std: float
    valid: float
    runs: int
    seconds: float
    parameters: int
    peak_memory_bytes: int
    splits: tuple[int, ...]
    seeds: tuple[int, ...]


def read_results(folder: str | Path) -> list[dict[str, Any]]:
    """Return the lines of ``folder/results.jsonl``, by split and seed; none if it is not there.

    A last line without its end, as a killed run leaves it, is passed over.

    Raises:
        ValueError: another line that is not JSON.
    """
    path = Path(folder) / FILE
    lines = path.read_text().split("\n") if path.is_file() else []
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise ValueError(
                    f"line {number} of {path} is not JSON: delete that line and run again"
                ) from error
    return sorted(rows, key=lambda row: (row["split"], row["seed"]))


def append_result(folder: Path, row: Mapping[str, Any]) -> None:
    """Add one line, whole or not at all, also with other processes writing."""
    path = folder / FILE
    torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    line = ("\n" if torn else "") + json.dumps(row) + "\n"
    if torn:  # the torn line is dropped, not joined to
        whole = path.read_bytes()
        path.write_bytes(whole[: whole.rfind(b"\n") + 1])
        line = line[1:]
    with open(path, "ab", buffering=0) as file:
        file.write(line.encode())
        os.fsync(file.fileno())


def summarise(rows: Iterable[Mapping[str, Any]]) -> Summary:
    """Return mean and std (ddof 1) of the test scores of one setting.

    Raises:
        ValueError: no rows, or rows of more than one setting.
    """
    rows = list(rows)
    keys = ("task", "data", "model", "rewiring", "metric")
    settings = {tuple(row[key] for key in keys) for row in rows}
    if len(settings) != 1:
        raise ValueError(f"one setting is summarised at a time, not {len(settings)}")
    tests = [row["test"] for row in rows]
    return Summary(
        **{key: rows[0][key] for key in keys},
        mean=statistics.fmean(tests),
        std=statistics.stdev(tests) if len(tests) > 1 else 0.0,
        valid=statistics.fmean(row["valid"] for row in rows),
        runs=len(rows),
        seconds=statistics.fmean(row["seconds"] for row in rows),
        parameters=rows[0]["parameters"],
        peak_memory_bytes=max(row["peak_memory_bytes"] for row in rows),
        splits=tuple(sorted({row["split"] for row in rows})),
        seeds=tuple(sorted({row["seed"] for row in rows})),
    )
