"""Progress reports of training: a callback, or a bar on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, dict[str, float]], object]
"""Is called with an epoch and its numbers; True ends the training."""


def shown(row: dict[str, float]) -> dict[str, str]:
    """The number that a bar shows of validation: the score, or the loss where there is none."""
    name = "valid" if "valid" in row else "valid_loss"
    return {name: f"{row[name]:.4f}"}


@contextmanager
def reporting(progress: Progress | bool | None, epochs: int) -> Iterator[Progress]:
    """Yield what to call with an epoch and its numbers; a bar is closed when the block ends.

    Args:
        progress: a function to pass on, True for a bar, None or False for silence.
        epochs: how long the bar is.
    """
    if callable(progress):
        yield progress
    elif not progress:
        yield lambda epoch, row: None
    else:
        from tqdm.auto import tqdm

        with tqdm(total=epochs, unit="epoch") as bar:

            def advance(epoch: int, row: dict[str, float]) -> None:
                bar.set_postfix({**shown(row), "loss": f"{row['loss']:.4f}"})
                bar.update(epoch - bar.n)

            yield advance
