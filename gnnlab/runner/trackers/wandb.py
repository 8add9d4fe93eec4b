"""Weights & Biases (wandb) tracker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gnnlab.runner.trackers.tracker import numbers


class WandB:
    """Send a training to Weights & Biases; ``WANDB_MODE=offline`` keeps it under ``HOME/wandb``.

    Args:
        project: in which runs stand.
        mode: as ``wandb.init`` takes it; None leaves it to the environment.
    """

    def __init__(self, home: str | Path, project: str = "gnnlab", mode: Any = None) -> None:
        self.home, self.project, self.mode = Path(home), project, mode
        self.run: Any = None

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        import wandb

        self.home.mkdir(parents=True, exist_ok=True)
        self.run = wandb.init(
            project=self.project,
            name=run,
            group=run.partition("/")[0],
            dir=str(self.home),
            config=dict(settings),
            mode=self.mode,
            reinit="create_new",
        )

    def log(self, epoch: int, row: Mapping[str, float]) -> None:
        self.run.log(numbers(row), step=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        if self.run is not None:
            self.run.summary.update({f"summary/{k}": v for k, v in numbers(summary).items()})
            self.run.finish(exit_code=0 if summary else 1)
