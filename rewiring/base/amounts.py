"""Amounts of edges: a count, or a share of the edges that a graph has."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from gnnlab.core.arguments import shown
from gnnlab.structure.graphs.graph import Graph


def check_amount(name: str, value: Any) -> None:
    """Refuse what is neither a whole number of at least 0 nor a share between 0 and 1.

    Raises:
        ValueError: with the setting's name and value.
    """
    whole = isinstance(value, Integral)
    count = whole and not isinstance(value, bool) and float(value) >= 0
    share = isinstance(value, Real) and not whole and 0 < float(value) < 1
    if not count and not share:
        raise ValueError(
            f"{name} is {shown(value)}, but it must be a whole number of at least 0, or a share of "
            "each graph's edges, above 0 and below 1"
        )


def amount(value: float, graph: Graph) -> int:
    """The number of edges that is meant for a graph; a share is rounded, halves up.

    Example:
        >>> import numpy as np
        >>> triangle = Graph(3, np.array([[0, 0, 1], [1, 2, 2]]))
        >>> amount(2, triangle), amount(0.05, triangle), amount(0.5, triangle)
        (2, 0, 2)
    """
    return int(value) if isinstance(value, Integral) else int(value * graph.num_pairs + 0.5)
