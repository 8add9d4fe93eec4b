"""Cells of a bench, trained one by one or in parallel; one that breaks stops no other."""

from __future__ import annotations

import os
import statistics
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gnnlab.core.errors import sentence
from gnnlab.core.processes import each
from gnnlab.core.writing import NotWritten
from gnnlab.runner.bench.data_facts import Facts
from gnnlab.runner.bench.plan import Cell
from gnnlab.runner.runs.results import Summary, summarise
from gnnlab.runner.runs.run import run, wanted_results


@dataclass(frozen=True)
class Efficiency:
    """What a cell costs, medians over its runs: the first one in a process compiles as well.

    Args:
        seconds: of an epoch with its evaluation, without preparing the data; None where an earlier
            version trained, which did not note down how many epochs there were.
        bytes: of peak memory, as each run measured it.
        parameters: trainable numbers.
    """

    seconds: float | None
    bytes: float
    parameters: int


@dataclass(frozen=True)
class Outcome:
    """What a cell came to.

    Args:
        folder: of its run.
        rows: lines of results of the splits and seeds that are wanted, as far as there are.
        error: why it broke, in a sentence; empty if it did not.
    """

    cell: Cell
    folder: Path
    rows: tuple[dict[str, Any], ...] = ()
    error: str = ""

    @property
    def summary(self) -> Summary | None:
        """Mean and spread of a whole cell."""
        return None if self.error else summarise(self.rows)

    @property
    def efficiency(self) -> Efficiency:
        """What the runs that are there cost."""
        timed = [row["seconds"] / row["epochs"] for row in self.rows if "epochs" in row]
        return Efficiency(
            seconds=statistics.median(timed) if timed else None,
            bytes=statistics.median(row["peak_memory_bytes"] for row in self.rows),
            parameters=self.rows[0]["parameters"],
        )


def run_cells(
    cells: Sequence[Cell], facts: Mapping[str, Facts], out: Path, *, jobs: int = 1
) -> Iterator[Outcome]:
    """Train what is missing of every cell; those on a set that is not to be had are broken.

    Args:
        jobs: cells that are worked on at once; outcomes then come as they are finished.
    """
    there = [cell for cell in cells if not facts[cell.data].error]
    for cell in cells:
        if cell not in there:
            yield Outcome(cell, out / cell.config.label(), error=facts[cell.data].error)
    work = partial(run_cell, out=out, progress=jobs == 1)
    yield from each(work, there, jobs, lost=partial(_lost, out=out))


def run_cell(cell: Cell, out: Path, progress: bool = False) -> Outcome:
    """Train the runs of a cell that have no result yet, and read all of them back.

    ``GNNLAB_DEBUG=1`` lets an error pass, with its traceback.

    Raises:
        NotWritten: the disk is full, say, and the other cells would train for nothing.
    """
    from gnnlab.datasets import FlawWarning

    folder, error = out / cell.config.label(), ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FlawWarning)  # said once, of the set
            run(cell.config, out, progress=progress)
    except NotWritten:
        raise
    except Exception as broken:
        if os.environ.get("GNNLAB_DEBUG"):
            raise
        error = sentence(broken)
    return Outcome(cell, folder, tuple(_read(folder, cell)), error)


def _lost(cell: Cell, out: Path) -> Outcome:
    folder = out / cell.config.label()
    told = "its process was ended, as systems do with one that takes too much memory"
    return Outcome(cell, folder, tuple(_read(folder, cell)), told)


def _read(folder: Path, cell: Cell) -> list[dict[str, Any]]:
    try:
        return wanted_results(folder, cell.config)
    except ValueError:  # a damaged file, of which training has told
        return []
