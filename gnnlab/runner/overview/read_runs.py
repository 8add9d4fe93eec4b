"""Runs read back from disk, with their settings by dotted name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnnlab.core.arguments import shown as written
from gnnlab.runner.runs.results import read_results, run_folders
from gnnlab.runner.runs.run_toml import FILE, read_about, settings_of
from gnnlab.runner.settings.keys import flat
from gnnlab.runner.sweep.shown import shown

NAMES = ("task.name", "data.name", "model.name", "rewiring.name")
"""Settings that tell a run, differing or not."""


@dataclass(frozen=True)
class ReadRun:
    """A run's folder, read.

    Args:
        settings: by dotted name; a list is written as JSON.
        rows: lines of results. Of a run that a sweep or a study tried and did not choose they hold
            no test score: it would choose among them.
        chosen: False for such a run.
        recipe: its name, or nothing.
    """

    folder: Path
    settings: Mapping[str, Any]
    rows: tuple[dict[str, Any], ...]
    chosen: bool = True
    recipe: str = ""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def metric(self) -> str:
        return str(self.rows[0]["metric"])


def read_runs(folders: str | Path | Iterable[str | Path]) -> list[ReadRun]:
    """Read the runs in some folders: of a run, of many, of a sweep or of a study.

    Raises:
        ValueError: none of them holds a result; what is no path.
    """
    homes = _paths(folders)
    visible = shown(homes).with_chosen
    open_to_all = {folder.resolve() for folder in visible}
    inside = [run for home in homes for run in run_folders(home)]
    places = {run.resolve(): run for run in [*inside, *visible]}
    found = (_read(run, place in open_to_all) for place, run in places.items())
    runs = [run for run in found if run is not None]
    if not runs:
        raise ValueError(
            f"no results.jsonl with a line in {', '.join(map(str, homes)) or 'no folder'}: run "
            "something first or name another folder"
        )
    return runs


def _paths(folders: Any) -> list[Path]:
    """One folder or several as a list."""
    given = [folders] if isinstance(folders, (str, Path)) else folders
    found: list[Any] = list(given) if isinstance(given, Iterable) else [None]
    if not all(isinstance(folder, (str, Path)) for folder in found):
        raise ValueError(
            f"folders is {written(folders)}, but the path of a folder with runs is needed, or "
            "several: give runs, say"
        )
    return [Path(folder) for folder in found]


def _read(folder: Path, chosen: bool) -> ReadRun | None:
    """Read a run; None where it has no result yet."""
    rows = read_results(folder)
    if not rows:
        return None
    if (folder / FILE).is_file():
        about = read_about(folder)
        settings = flat(settings_of(about))
        recipe = str(about.get("recipe", {}).get("name", ""))
    else:
        settings, recipe = {}, ""
    named = {name: rows[0][name.partition(".")[0]] for name in NAMES}
    own = tuple(rows if chosen else map(_without_test, rows))
    return ReadRun(folder, {**named, **settings}, own, chosen, recipe)


def _without_test(row: Mapping[str, Any]) -> dict[str, Any]:
    others = {k: v for k, v in row.get("others", {}).items() if k.startswith("valid")}
    return {**row, "test": None, **({"others": others} if "others" in row else {})}


def differing(runs: Sequence[ReadRun]) -> list[str]:
    """The settings that are not equal in all runs, those that tell a run first."""
    names = dict.fromkeys([*NAMES, *(name for run in runs for name in run.settings)])
    return [name for name in names if len({_known(run, name) for run in runs}) > 1]


def _known(run: ReadRun, name: str) -> tuple[str, Any]:
    """A value with its type, so that 1, 1.0 and True are three, and one that is missing is none."""
    value = run.settings.get(name)
    return type(value).__name__, value
