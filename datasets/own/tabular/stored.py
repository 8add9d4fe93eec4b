"""Stored rows of edges, counted before they are arranged: repeats, loops, reverses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]


def count_stored(source: Array, target: Array, nodes: int) -> dict[str, int]:
    """Count what rows of edges say.

    Returns:
        ``rows``; ``repeats``, of the same two ends in the same direction; ``loops``; ``one_way``
        and ``mutual``, distinct rows between different nodes without and with their reverse.

    Cost: O(E log E).
    """
    ahead = source != target
    arcs = _distinct(source[ahead] * nodes + target[ahead])
    low, high = np.minimum(source, target)[ahead], np.maximum(source, target)[ahead]
    pairs = _distinct(low * nodes + high)
    loops = _distinct(source[~ahead])
    return {
        "rows": len(source),
        "repeats": len(source) - arcs - loops,
        "loops": loops,
        "one_way": 2 * pairs - arcs,
        "mutual": 2 * (arcs - pairs),
    }


def _distinct(key: Array) -> int:
    ordered = np.sort(key)
    return int((ordered[1:] != ordered[:-1]).sum()) + bool(len(key))
