"""Kept models and checkpoints of a run, in its folder: one for every split and seed."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gnnlab.runner.settings.config import Config
from gnnlab.runner.settings.rewirings import find_rewiring

if TYPE_CHECKING:
    from gnnlab.tasks import Checkpoint, Result

SECONDS = 30.0
"""Between two checkpoints; a training that ends before the first leaves none."""


@dataclass(frozen=True)
class Kept:
    """What a run keeps beside its results.

    Args:
        folder: the run's.
        models: whether models are saved.
    """

    folder: Path
    models: bool = False

    def model(self, split: int, seed: int) -> Path:
        """Where a model is saved."""
        return self.folder / "models" / f"{split}-{seed}"

    def lacks(self, split: int, seed: int) -> bool:
        """Whether a model is asked for that is not there."""
        return self.models and not (self.model(split, seed) / "model.json").is_file()

    def checkpoint(self, split: int, seed: int) -> Checkpoint:
        """Where a training's state is kept while it lasts."""
        from gnnlab.tasks import Checkpoint

        return Checkpoint(self._state(split, seed), every=None, seconds=SECONDS)

    def save(self, config: Config, result: Result, split: int, seed: int) -> None:
        """Save a model, with the rewiring that its data went through."""
        method = find_rewiring(config.rewiring)
        settings = msgspec.to_builtins(config)
        settings.pop("run")
        before = [] if method is None else [method]
        result.save(self.model(split, seed), before=before, run=settings)

    def forget(self, split: int, seed: int) -> None:
        """Remove the state of a training that has its line of results."""
        shutil.rmtree(self._state(split, seed), ignore_errors=True)
        with suppress(OSError):
            self._state(split, seed).parent.rmdir()  # when it is empty

    def _state(self, split: int, seed: int) -> Path:
        return self.folder / "checkpoints" / f"{split}-{seed}"
