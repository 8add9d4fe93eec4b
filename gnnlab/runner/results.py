"""Lines of results on disk, and what they come to."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

FILE = "results.jsonl"
KEYS = (
    "task", "data", "model", "rewiring", "split", "seed", "metric", "valid", "test", "epoch",
    "seconds", "parameters", "peak_memory_bytes",
)  # fmt: skip
"""What every line holds; also ``epochs``, how many were trained, where the version is not an early
one, and ``stress`` where the data were made harder."""


@dataclass(frozen=True)
class Summary:
    """Mean and spread over the runs of one setting.

    Args:
        mean: of the test score, a fraction or an error in its own units.
        std: with ddof 1; 0 for a single run.
        valid: mean validation score.
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

    A last line without its end, as a killed run leaves it, is passed over; of two lines for one
    split and seed the first counts.

    Raises:
        ValueError: another line that is not JSON, or no line of results.
    """
    path = Path(folder) / FILE
    found: dict[tuple[int, int], dict[str, Any]] = {}
    text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        row = _parsed(line)
        if row is None and line.strip() and number < len(lines):
            raise ValueError(f"line {number} of {path} is not JSON: delete that line and run again")
        if row is not None:
            _check_row(row, f"line {number} of {path}")
            found.setdefault((row["split"], row["seed"]), row)
    return [found[pair] for pair in sorted(found)]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _check_row(row: Any, place: str) -> None:
    missing = [key for key in KEYS if not isinstance(row, dict) or key not in row]
    if missing:
        raise ValueError(
            f"{place} is no result of gnnlab run: it has no {missing[0]!r}; name another folder"
        )


def run_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a run's, else the runs' folders in it."""
    inside = sorted(path.parent for path in folder.glob(f"*/{FILE}"))
    return inside if inside and not (folder / FILE).is_file() else [folder]


def append_result(folder: Path, row: Mapping[str, Any]) -> None:
    """Add one line, whole or not at all, also with other processes writing.

    A torn last line is cut off; a split and seed that are there already are not written again.
    """
    with open(folder / FILE, "a+b", buffering=0) as file, _locked(file):
        file.seek(0)
        content = file.read()
        tail = content[content.rfind(b"\n") + 1 :]
        whole = _parsed(tail.decode(errors="replace")) is not None
        if tail and not whole:
            file.truncate(len(content) - len(tail))
        pairs = {(done["split"], done["seed"]) for done in read_results(folder)}
        if (row["split"], row["seed"]) in pairs:
            return
        file.write((("\n" if whole else "") + json.dumps(row) + "\n").encode())
        os.fsync(file.fileno())


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    """Keep other processes out; where the system has no such lock, one writer is assumed."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_UN)


def summarise(rows: Iterable[Mapping[str, Any]]) -> Summary:
    """Return mean and std (ddof 1) of the test scores of one setting.

    Raises:
        ValueError: no rows, or rows of more than one setting.
    """
    rows = list(rows)
    if not rows:
        raise ValueError("there is no result to summarise: run something first")
    keys = ("task", "model", "rewiring", "metric")
    settings = {(*(row[key] for key in keys), _data(row)) for row in rows}
    if len(settings) != 1:
        raise ValueError(f"one setting is summarised at a time, not {len(settings)}")
    tests = [row["test"] for row in rows]
    return Summary(
        **{key: rows[0][key] for key in keys},
        data=_data(rows[0]),
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


def _data(row: Mapping[str, Any]) -> str:
    """The dataset's name, with what was done to it."""
    return f"{row['data']} ({row['stress']})" if "stress" in row else str(row["data"])
