"""Symbols of the aggregations of subgraph networks, shared with their colour tests."""

from __future__ import annotations

from collections.abc import Sequence

from gnnlab.core.arguments import check_choice
from gnnlab.ops import check_symbols

AGGREGATIONS = {
    "SWL": ("uL",),
    "PSWL": ("uL", "vv"),
    "GSWL": ("uL", "vG"),
    "SSWL": ("uL", "vL"),
    "SSWL+": ("uL", "vL", "vv"),
}
"""Which pairs a pair (u, v) hears: see :func:`gnnlab.ops.pair_aggregate`."""
POLICIES = ("distance", "marking", "deletion", "ego", "ego+")
"""What sets the subgraph of u apart: see :class:`gnnlab.layers.SubgraphGNN`."""
POOLINGS = {"VS": "u", "SV": "v"}
"""What a row of the pooled pairs stands for: a subgraph u, or a node v."""


def symbols_of(aggregation: str | Sequence[str]) -> tuple[str, ...]:
    """The symbols of a named aggregation, or those given.

    Raises:
        ValueError: an unknown name or symbol, or one twice.

    Example:
        >>> symbols_of("PSWL"), symbols_of(["uL", "vG", "uG"])
        (('uL', 'vv'), ('uL', 'vG', 'uG'))
    """
    if isinstance(aggregation, str):
        check_choice("aggregation", aggregation, tuple(AGGREGATIONS))
        return AGGREGATIONS[aggregation]
    return check_symbols(aggregation)
