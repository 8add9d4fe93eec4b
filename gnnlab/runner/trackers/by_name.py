"""Trackers by name: ours, and those that installed packages add as entry points."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from gnnlab.core.names import find_by_name
from gnnlab.runner.trackers.tracker import Silent, Tracker

GROUP = "gnnlab.trackers"
"""Of entry points: each names something that is called with a folder and gives a tracker."""
OURS = {
    "tensorboard": ("TensorBoard", "tensorboard"),
    "wandb": ("WandB", "wandb"),
    "mlflow": ("MLflow", "mlflow"),
}
"""Class and the package that it needs, which is an extra of the same name."""


def make_tracker(name: str, home: str | Path) -> Tracker:
    """Make a tracker that writes beside the runs of a folder; a silent one for no name.

    Raises:
        ValueError: there is no such tracker, or its package is not installed.
    """
    if not name:
        return Silent()
    others = {point.name: point for point in entry_points(group=GROUP)}
    known: dict[str, str | EntryPoint] = {**{own: own for own in OURS}, **others}
    found = find_by_name("tracker", name, known)
    make = _loaded(found) if isinstance(found, EntryPoint) else _own(found)
    return make(Path(home))


def _own(name: str) -> Callable[[Path], Tracker]:
    cls, package = OURS[name]
    if find_spec(package) is None:
        raise ValueError(f"{package} is not installed: pip install 'gnnlab[{name}]'")
    made: Callable[[Path], Tracker] = getattr(import_module(f"gnnlab.runner.trackers.{name}"), cls)
    return made


def _loaded(point: EntryPoint) -> Callable[[Path], Tracker]:
    try:
        made: Callable[[Path], Tracker] = point.load()
    except Exception as error:
        raise ValueError(
            f"tracker {point.name} ({point.value}) cannot be loaded ({error}): mend or remove the "
            "package that brings it"
        ) from error
    return made
