"""Memory budget: computations that would not fit are refused before they start."""

from __future__ import annotations

from gnnlab.core.machine import free_memory

SHARE = 0.8
"""Of the memory that is free now, how much one computation may take."""


def require_memory(needed: int, told: str, way_out: str) -> None:
    """Refuse a computation that would not fit into the memory that is free now.

    Args:
        needed: bytes at its peak.
        told: what needs them.
        way_out: what to do instead.

    Raises:
        ValueError: it does not fit.
    """
    free = free_memory()
    if needed > SHARE * free:
        raise ValueError(
            f"{told} takes {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free, of which "
            f"{SHARE:.0%} may be used: {way_out}"
        )


def usable_memory() -> float:
    """Bytes that one computation may take now."""
    return SHARE * free_memory()
