"""Results on disk, a line for each split and seed, and their mean and spread."""

from __future__ import annotations

import json
import math
import os
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from gnnlab.core.writing import append_line, check_regular, naming, read_shared, whole_lines

FILE = "results.jsonl"
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Row(msgspec.Struct):
    """What every line holds; also ``epochs``, how many were trained, where the version is not an
    early one, ``stress`` where the data were made harder, and ``others``."""

    task: str
    data: str
    model: str
    rewiring: str
    split: Number
    seed: Number
    metric: str
    valid: float | None
    test: float | None
    epoch: Number
    seconds: float
    parameters: Number
    peak_memory_bytes: Number
    epochs: Number | msgspec.UnsetType = msgspec.UNSET
    stress: str | msgspec.UnsetType = msgspec.UNSET


KEYS = tuple(field.name for field in msgspec.structs.fields(Row) if field.required)


@dataclass(frozen=True)
class Summary:
    """Mean and spread over the runs of one setting.

    Args:
        mean: of the test score, a fraction or an error in its own units; nan where none is scored.
        std: with ddof 1; 0 for a single run.
        valid: mean validation score, or nan.
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
        ValueError: another line that is not JSON, or no line of results; what is no file.
    """
    path = Path(folder) / FILE
    return list(_rows(read_shared(path), path).values())


def _rows(content: bytes, path: Path) -> dict[tuple[int, int], dict[str, Any]]:
    """The lines of a file by split and seed, in their order."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for number, line in enumerate(whole_lines(content).split(b"\n"), start=1):
        if line.strip():
            row = _parsed(line, f"line {number} of {path}")
            found.setdefault((row["split"], row["seed"]), row)
    return {pair: found[pair] for pair in sorted(found)}


def _parsed(line: bytes, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or nested without an end
        raise ValueError(f"{place} is not JSON: delete that line and run again") from error
    missing = [key for key in KEYS if not isinstance(row, dict) or key not in row]
    if missing:
        raise ValueError(
            f"{place} is no result of gnnlab run: it has no {missing[0]!r}; name another folder"
        )
    for key in ("valid", "test", "seconds"):
        if isinstance(row[key], float) and not math.isfinite(row[key]):
            raise ValueError(f"{place} is damaged ({key} is {row[key]}): delete it and run again")
    try:
        msgspec.convert(row, Row)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(f"{place} is damaged ({error}): delete it and run again") from error
    return dict(row)


def run_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a run's, else the runs' folders in it."""
    inside = sorted(path.parent for path in folder.glob(f"*/{FILE}"))
    return inside if inside and not (folder / FILE).is_file() else [folder]


def append_result(folder: Path, row: Mapping[str, Any]) -> None:
    """Add one line, whole or not at all, also with other processes writing.

    A torn last line is cut off; a split and seed that are there already are not written again.

    Raises:
        NotWritten: the disk is full, say.
    """
    path, pair = folder / FILE, (row["split"], row["seed"])
    append_line(path, json.dumps(row), lambda content: pair not in _rows(content, path))


def check_appendable(folder: Path, file: str = FILE) -> None:
    """Refuse a place where no result can be written, before anything is trained.

    Raises:
        NotWritten: with the reason.
    """
    path = folder / file
    with naming(path):
        check_regular(path)
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise PermissionError(f"{'the file' if path.exists() else 'its folder'} is read-only")


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
    tests = [scored(row, "test") for row in rows]
    return Summary(
        **{key: rows[0][key] for key in keys},
        data=_data(rows[0]),
        mean=statistics.fmean(tests),
        std=statistics.stdev(tests) if len(tests) > 1 else 0.0,
        valid=statistics.fmean(scored(row, "valid") for row in rows),
        runs=len(rows),
        seconds=statistics.fmean(row["seconds"] for row in rows),
        parameters=rows[0]["parameters"],
        peak_memory_bytes=max(row["peak_memory_bytes"] for row in rows),
        splits=tuple(sorted({row["split"] for row in rows})),
        seeds=tuple(sorted({row["seed"] for row in rows})),
    )


def scored(row: Mapping[str, Any], part: str) -> float:
    """A line's score on ``valid`` or ``test``; nan where nothing is scored there."""
    return math.nan if row[part] is None else float(row[part])


def _data(row: Mapping[str, Any]) -> str:
    """The dataset's name, with what was done to it."""
    return f"{row['data']} ({row['stress']})" if "stress" in row else str(row["data"])
