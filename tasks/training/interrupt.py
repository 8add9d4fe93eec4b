"""Interrupts of a training: Ctrl-C, and whether the result so far is returned."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any, Literal, get_args

from gnnlab.core.arguments import check_choice

Interrupt = Literal["auto", "raise", "return"]


def check_interrupt(interrupt: Any) -> None:
    """Refuse another name."""
    check_choice("interrupt", interrupt, get_args(Interrupt))


def returns(interrupt: Interrupt) -> bool:
    """Whether a training that is interrupted returns what it has come to.

    In a script, whoever presses Ctrl-C wants the script to end: a loop of fits would only go on to
    the next one. In a notebook or at a prompt, the one command ends.
    """
    if interrupt == "auto":
        return hasattr(sys, "ps1") or "ipykernel" in sys.modules
    return interrupt == "return"


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block, which leaves its parts in step with each other."""
    usual = signal.getsignal(signal.SIGINT)
    if current_thread() is not main_thread() or not callable(usual):
        yield
        return
    held: list[tuple[Any, Any]] = []
    signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if held:
            usual(*held[0])


def warn_of_interrupt(epoch: int, epochs: int) -> None:
    """Say that the training did not come to its end."""
    warnings.warn(
        f"the training was stopped after epoch {epoch} of {epochs}: the result is the best so far",
        stacklevel=5,
    )
