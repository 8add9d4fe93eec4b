"""Runs shown in a report: all but those only tried, whose test scores must choose nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnnlab.runner.runs.results import run_folders
from gnnlab.runner.sweep.record import Swept, read_chosen, read_sweeps, read_tried


@dataclass(frozen=True)
class Choice:
    """What is shown of some folders.

    Args:
        runs: folders with a row of their own.
        sweeps: those that stand for the runs that they tried.
        left_out: runs that a study tried and did not choose.
    """

    runs: tuple[Path, ...]
    sweeps: tuple[Swept, ...]
    left_out: int = 0

    @property
    def with_chosen(self) -> list[Path]:
        """The runs, and those that the sweeps chose."""
        chosen = [folder for swept in self.sweeps if (folder := swept.chosen)]
        return list(dict.fromkeys([*self.runs, *chosen]))


def shown(folders: Sequence[Path]) -> Choice:
    """Take the runs in some folders apart.

    What a sweep or a study tried is left out; a run that it chose has a row where it is named, or
    where a study chose it.
    """
    runs = [run for folder in folders for run in run_folders(folder)]
    homes = {home.resolve(): home for home in (*folders, *(run.parent for run in runs))}
    sweeps = [swept for home in homes.values() for swept in read_sweeps(home)]
    own = {
        number: {(swept.folder / one.run).resolve() for one in swept.record.tried if one.run}
        for number, swept in enumerate(sweeps)
    }
    best = {swept.chosen.resolve() for swept in sweeps if swept.chosen}
    named = best & {folder.resolve() for folder in folders}
    studied = {home / run for home in homes for run in read_tried(home) - read_chosen(home)}
    hidden = set().union(*own.values()) - named
    rows = [run for run in runs if run.resolve() not in hidden | studied]
    asked = {run.resolve() for run in runs} & hidden
    stand_ins = [swept for number, swept in enumerate(sweeps) if own[number] & asked]
    return Choice(tuple(rows), tuple(stand_ins), sum(run.resolve() in studied for run in runs))


def command_of(page: Path, folders: Sequence[Path]) -> str:
    """The command that makes a page, folders that a shell's pattern names written as that."""
    words = [shlex.quote(str(folder)) for folder in folders]
    home = common_home(folders)
    inside = sorted(home.iterdir()) if len(folders) > 1 else []
    for pattern, fits in (("*", inside), ("*/", [path for path in inside if path.is_dir()])):
        if inside and sorted(folders) == fits:
            words = [f"{shlex.quote(str(home))}/{pattern}"]
            break
    return f"gnnlab report --page {shlex.quote(str(page))} {' '.join(words)}"


def link_of(page: Path, folders: Sequence[Path]) -> str:
    """A link from a page to where the runs lie, as Markdown."""
    home = folders[0] if len(folders) == 1 else common_home(folders)
    try:
        path = os.path.relpath(home.resolve(), page.resolve().parent)
    except ValueError:  # another drive
        path = str(home)
    path = Path(path).as_posix()
    return f"[{path}/](<{path}>)" if " " in path else f"[{path}/]({path})"


def typed(command: str, name: str, options: Mapping[str, Sequence[Any]]) -> str:
    """A command as one may type it again, with what decides its result.

    Args:
        options: their values; a list of lists for one that is given several times.
    """
    words = ["gnnlab", command, name]
    for option, values in options.items():
        for group in values if values and isinstance(values[0], list) else [values]:
            words += [option, *group] if group else []
    return shlex.join(words)


def common_home(folders: Sequence[Path]) -> Path:
    """The folder in which all of them lie."""
    parents = {folder.parent for folder in folders}
    if len(parents) == 1:
        return parents.pop()
    return Path(os.path.commonpath([folder.absolute() for folder in folders]))
