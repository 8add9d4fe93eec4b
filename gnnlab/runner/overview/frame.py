"""Data frames of results: a row for each split and seed, and their mean and spread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.runner.overview.read_runs import NAMES, ReadRun, differing, read_runs

if TYPE_CHECKING:
    import pandas as pd

ABOUT = ("run", "folder", "recipe")
MEASURED = (
    "split", "seed", "metric", "valid", "test", "epoch", "epochs", "seconds", "parameters",
    "peak_memory_bytes",
)  # fmt: skip
OTHERS = "others."
"""Begins the columns of what else was measured."""
CHOSEN = "chosen"


def results(folders: str | Path | Iterable[str | Path]) -> pd.DataFrame:
    """The results in some folders, one row a run, split and seed.

    Columns are the run and its recipe, the names of task, data, model and rewiring, every other
    setting that differs between the runs by its dotted name (``training.lr``), and what was
    measured: ``metric``, ``valid``, ``test`` (fractions, or errors in their own units), ``epoch``
    (the kept one), ``epochs``, ``seconds``, ``parameters``, ``peak_memory_bytes``, and
    ``others.NAME``. Of settings that a sweep or a study tried and did not choose, ``chosen`` is
    False and ``test`` is missing: test scores must not choose.

    Args:
        folders: of a run, of many, of a sweep or a study, or several of these.

    Raises:
        ValueError: none of them holds a result; a file that is damaged.

    Example:
        >>> frame = gnnlab.results("runs")  # doctest: +SKIP
        >>> frame.groupby("training.lr").valid.mean()  # doctest: +SKIP
    """
    return frame_of(read_runs(folders))


def frame_of(runs: Sequence[ReadRun]) -> pd.DataFrame:
    """The frame of runs that were read; see :func:`results`."""
    import pandas as pd

    settings = list(dict.fromkeys([*NAMES, *differing(runs)]))
    lines = [_line(run, row, settings) for run in runs for row in run.rows]
    others = dict.fromkeys(key for line in lines for key in line if key.startswith(OTHERS))
    frame = pd.DataFrame(lines, columns=[*ABOUT, *settings, *MEASURED, CHOSEN, *others])
    return frame.astype(dict.fromkeys(("valid", "test", *others), float))


def _line(run: ReadRun, row: dict[str, Any], settings: list[str]) -> dict[str, Any]:
    about = {"run": run.name, "folder": str(run.folder), "recipe": run.recipe}
    measured = {name: row.get(name) for name in MEASURED}
    others = {OTHERS + name: value for name, value in row.get("others", {}).items()}
    own = {name: run.settings.get(name) for name in settings}
    return {**about, **own, **measured, CHOSEN: run.chosen, **others}


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of each run in a frame of :func:`results`, or in some rows of one.

    One row a run: its settings, ``metric``, ``mean`` and ``std`` of the test scores (ddof 1;
    missing for a single run), ``n`` runs, the mean of ``valid``, of the epochs, of ``seconds`` and
    of each ``others.NAME``, ``parameters``, the largest ``peak_memory_bytes``, the splits and the
    seeds.

    Raises:
        ValueError: a frame without the columns of :func:`results`.
    """
    columns = getattr(frame, "columns", ())
    missing = [name for name in (*ABOUT, *MEASURED, CHOSEN) if name not in columns]
    if missing:
        raise ValueError(
            f"the frame has no column {missing[0]!r}: give one that gnnlab.results made, or some "
            "of its rows"
        )
    others = [name for name in frame.columns if name.startswith(OTHERS)]
    settings = [name for name in frame.columns if name not in (*MEASURED, *others)]
    keys = [*settings, "metric"]
    grouped = frame.groupby(keys, dropna=False, sort=False)
    table = grouped.agg(
        mean=("test", "mean"),
        std=("test", "std"),
        n=("seed", "size"),
        valid=("valid", "mean"),
        epoch=("epoch", "mean"),
        epochs=("epochs", "mean"),
        seconds=("seconds", "mean"),
        parameters=("parameters", "max"),
        peak_memory_bytes=("peak_memory_bytes", "max"),
        splits=("split", _listed),
        seeds=("seed", _listed),
        **{name: (name, "mean") for name in others},
    )
    return table.reset_index()


def _listed(numbers: Iterable[int]) -> str:
    return " ".join(str(number) for number in sorted(set(numbers)))
