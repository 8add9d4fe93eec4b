"""Record of a folder's choices: which runs were only tried, and which one validation chose.

The test scores of the others are not for the eye: who sees them chooses among them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from gnnlab.core.writing import naming, read_shared, write_text
from gnnlab.runner.runs.results import read_results
from gnnlab.runner.sweep.trials import Sweep, Trial, choose

FILES = "sweep-*.json"
STUDY = "study.json"


class Tried(msgspec.Struct, frozen=True):
    """A setting of a sweep: its values, its run's folder, and why it broke, if it did."""

    values: dict[str, Any]
    run: str
    broken: str = ""


class Record(msgspec.Struct, frozen=True):
    """A sweep as far as it has come.

    Args:
        splits, seeds: of the run.
        tune_splits: those that choose.
        finished: nothing is left to try.
    """

    splits: tuple[int, ...]
    seeds: tuple[int, ...]
    tune_splits: tuple[int, ...]
    tried: tuple[Tried, ...]
    finished: bool = False


@dataclass(frozen=True)
class Swept:
    """A record with the results that are there.

    Args:
        folder: where the sweep's runs lie.
        trials: with their rows on the splits that choose.
    """

    folder: Path
    record: Record
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The trial that validation chooses; None while some are not finished."""
        sound = any(trial.rows for trial in self.trials)
        return choose(self.trials) if self.record.finished and sound else None

    @property
    def chosen(self) -> Path | None:
        """The folder of that trial's run."""
        best = self.best
        return None if best is None else self.folder / self.run_of(best)

    def run_of(self, trial: Trial) -> str:
        """The name of a trial's folder."""
        return self.record.tried[self.trials.index(trial)].run


def write_record(
    sweep: Sweep, trials: Sequence[Trial], out: Path, asked: int | None, seed: int, finished: bool
) -> None:
    """Note down what a sweep has tried so far, beside its runs."""
    first = next((trial.config for trial in trials if trial.config), None)
    if first is None:
        return
    tried = tuple(
        Tried(dict(t.values), t.config.label() if t.config else "", t.broken) for t in trials
    )
    splits, seeds = first.run.splits, first.run.seeds
    record = Record(splits, seeds, sweep.tune_splits or splits, tried, finished)
    text = msgspec.json.format(msgspec.json.encode(record), indent=1).decode()
    write_text(out / f"sweep-{_name(sweep, asked, seed)}.json", text + "\n")


def _name(sweep: Sweep, asked: int | None, seed: int) -> str:
    """Equal for what is asked for in the same words, however many settings are drawn."""
    parts = sweep.settings, sweep.overrides, sweep.tune_splits, asked is None, seed
    space = {k: axis if isinstance(axis, tuple) else vars(axis) for k, axis in sweep.space.items()}
    text = json.dumps([*parts, space], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_sweeps(folder: Path) -> list[Swept]:
    """The sweeps whose runs lie in a folder.

    Raises:
        ValueError: a record that is none.
    """
    return [_swept(path) for path in sorted(folder.glob(FILES))]


def _swept(path: Path) -> Swept:
    record: Record = _decoded(path, Record)
    trials = []
    for one in record.tried:
        rows = read_results(path.parent / one.run) if one.run else []
        chosen_on = [
            row
            for row in rows
            if row["split"] in record.tune_splits and row["seed"] in record.seeds
        ]
        trials.append(Trial(one.values, rows=tuple(chosen_on), broken=one.broken))
    return Swept(path.parent, record, tuple(trials))


class TriedInCells(msgspec.Struct, frozen=True):
    """What a study tries and has chosen, by cell."""

    study: str
    tried: dict[str, list[str]]
    chosen: dict[str, str] = {}


def write_tried(study: str, tried: Mapping[str, Sequence[str]], out: Path) -> None:
    """Note down the runs that a study tries in its cells, beside them and beside earlier ones."""
    old = _cells(out)
    both = {
        cell: list(dict.fromkeys([*old.tried.get(cell, []), *tried.get(cell, [])]))
        for cell in {**old.tried, **tried}
    }
    _write_cells(TriedInCells(study, both, old.chosen), out)


def write_chosen(cell: str, run: str, out: Path) -> None:
    """Note down the run that was chosen in a cell."""
    old = _cells(out)
    _write_cells(msgspec.structs.replace(old, chosen={**old.chosen, cell: run}), out)


def read_tried(folder: Path) -> set[str]:
    """The runs in a folder that a study tries."""
    return {run for runs in _cells(folder).tried.values() for run in runs}


def read_chosen(folder: Path) -> set[str]:
    """Those of them that it chose."""
    return set(_cells(folder).chosen.values())


def _cells(folder: Path) -> TriedInCells:
    path = folder / STUDY
    found: TriedInCells = _decoded(path, TriedInCells) if path.exists() else TriedInCells("", {})
    return found


def _write_cells(cells: TriedInCells, out: Path) -> None:
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    write_text(out / STUDY, msgspec.json.format(msgspec.json.encode(cells), indent=1).decode())


def _decoded(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(read_shared(path), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged ({error}): delete it, and the same sweep or study writes it again"
        ) from error
