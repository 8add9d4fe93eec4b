"""TensorBoard tracker: event files under ``tensorboard/`` beside the runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.runner.trackers.tracker import numbers

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoard:
    """Write what ``tensorboard --logdir HOME/tensorboard`` shows.

    Scalars by epoch; settings and the summary's numbers as hyperparameters.
    """

    def __init__(self, home: str | Path) -> None:
        self.home = Path(home) / "tensorboard"
        self.settings: Mapping[str, Any] = {}
        self.writer: SummaryWriter | None = None

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.settings = {
            k: v for k, v in settings.items() if isinstance(v, (str, bool, int, float))
        }
        self.writer = SummaryWriter(str(self.home / run))

    def log(self, epoch: int, row: Mapping[str, float]) -> None:
        if self.writer is not None:
            for name, value in numbers(row).items():
                self.writer.add_scalar(name, value, epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        if self.writer is None:
            return
        writer: Any = self.writer
        if summary:
            told = {f"summary/{name}": value for name, value in numbers(summary).items()}
            writer.add_hparams(dict(self.settings), told, run_name=".")
        writer.close()
