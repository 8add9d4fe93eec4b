"""Spent time and memory of a training, over all processes that had a part in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """Seconds, and the most bytes at a time."""

    seconds: float = 0.0
    memory: int = 0

    def and_then(self, seconds: float, memory: int) -> Spent:
        """Return what it comes to with more."""
        return Spent(self.seconds + seconds, max(self.memory, memory))
