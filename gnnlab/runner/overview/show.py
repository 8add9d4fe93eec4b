"""Showing of one thing in the terminal: a run, a recipe, a dataset or a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from gnnlab.core.names import plain
from gnnlab.runner.overview.show_parts import show_dataset, show_model, show_recipe
from gnnlab.runner.overview.show_run import show_run
from gnnlab.runner.overview.show_saved import CARD, SAVED, show_saved
from gnnlab.runner.runs import results, run_toml
from gnnlab.runner.runs.results import run_folders
from gnnlab.runner.settings.recipes import recipe, recipe_names


def show(name: str) -> str:
    """Say what a name is: its settings, its results or sizes, and the command that trains it.

    Args:
        name: a run's folder (or a file in it), a saved model's folder, a recipe, a dataset or a
            model. Where a folder has the name of one of the others, it is meant.

    Raises:
        ValueError: it is none of these; the nearest are offered.
    """
    if (Path(name) / SAVED).is_file() and (Path(name) / CARD).is_file():
        return show_saved(Path(name))
    folder = _run_folder(Path(name))
    if folder is not None:
        return show_run(folder)
    if name in recipe_names():
        return show_recipe(recipe(name))
    for known, told in _named():
        found = {plain(one): one for one in known}
        if plain(name) in found:
            return told(found[plain(name)])
    raise ValueError(_unknown(name))


def _run_folder(path: Path) -> Path | None:
    """The folder of a run that a path means; None where it is none."""
    folder = path.parent if path.name in (results.FILE, run_toml.FILE) else path
    if (folder / run_toml.FILE).is_file():
        return folder
    inside = [run for run in run_folders(folder) if (run / run_toml.FILE).is_file()]
    if inside:
        raise ValueError(
            f"{path} holds {len(inside)} runs: name one of them, such as {inside[0]}, or see all "
            f"with gnnlab report {path}"
        )
    return None


def _named() -> list[tuple[Sequence[str], Callable[[str], str]]]:
    from gnnlab import datasets, layers

    return [(datasets.names(), show_dataset), (list(layers.encoders()), show_model)]


def _unknown(name: str) -> str:
    known = {plain(one): one for names, _ in _named() for one in names}
    known |= {one: one for one in recipe_names()}
    near = get_close_matches(name, known, n=2) or get_close_matches(plain(name), known, n=2)
    hint = f"did you mean {' or '.join(known[one] for one in near)}?" if near else "see gnnlab list"
    return f"{name} is no run's folder, recipe, dataset or model: {hint}"
