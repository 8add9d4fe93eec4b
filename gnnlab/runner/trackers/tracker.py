"""Tracker contract, and the tracking of one training from start to finish."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol


class Tracker(Protocol):
    """What hears of a training; it is made with the folder that runs lie in.

    ``log`` fits ``tasks.fit(..., progress=tracker.log)``.

    Example:
        >>> from gnnlab.runner.trackers.tensorboard import TensorBoard
        >>> tracker = TensorBoard("runs")  # doctest: +SKIP
        >>> tracker.start("mine", {"lr": 0.01})  # doctest: +SKIP
        >>> result = tasks.fit(task, encoder, data, progress=tracker.log)  # doctest: +SKIP
        >>> tracker.finish({"test": result.test})  # doctest: +SKIP
    """

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        """Begin a training.

        Args:
            run: its name; parts of it are set off by ``/``.
            settings: plain values by dotted name.
        """

    def log(self, epoch: int, row: Mapping[str, float]) -> None:
        """Take down the numbers of an evaluated epoch."""

    def finish(self, summary: Mapping[str, Any]) -> None:
        """End it.

        Args:
            summary: what it came to; empty where it broke off.
        """


class Silent:
    """A tracker that takes down nothing."""

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        pass

    def log(self, epoch: int, row: Mapping[str, float]) -> None:
        pass

    def finish(self, summary: Mapping[str, Any]) -> None:
        pass


class Tracking:
    """A training from start to finish, which a tracker hears of also where it breaks off."""

    def __init__(self, tracker: Tracker, run: str, settings: Mapping[str, Any]) -> None:
        self.tracker, self.run, self.settings = tracker, run, settings
        self.summary: Mapping[str, Any] = {}
        self.log = tracker.log

    def __enter__(self) -> Tracking:
        self.tracker.start(self.run, self.settings)
        return self

    def keep(self, summary: Mapping[str, Any]) -> None:
        """Say what the training came to."""
        self.summary = summary

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.tracker.finish({} if kind else self.summary)


def numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """The entries that are numbers, as trackers take them; the epoch's own number is apart."""
    return {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and name != "epoch"
    }
