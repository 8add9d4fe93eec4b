"""Bounds on generated data sets: those too large for memory or a day's work are refused at once."""

from __future__ import annotations

from gnnlab.kernels.budget import require_memory
from gnnlab.kernels.effort import require_time

GRAPH = 6000
"""Bytes of a graph's own objects."""
WAY_OUT = "ask for less"


def require_made(
    told: str,
    *,
    nodes: int = 0,
    features: int = 0,
    edges: float = 0,
    splits: int = 0,
    graphs: int = 1,
    steps: float = 0,
) -> None:
    """Refuse what would not fit into memory, or not be made within a day.

    Args:
        told: what is asked for.
        nodes, features, edges: of each graph; an edge has two arcs, and is held a few times.
        splits: masks over the nodes of a graph, or over the graphs of a set.
        graphs: how many.
        steps: of Python, microseconds each.

    Raises:
        ValueError: with how much it takes.
    """
    each = nodes * (8 * features + 24) + 100 * int(edges) + (GRAPH if graphs > 1 else 0)
    masked = graphs if graphs > 1 else nodes
    require_memory(graphs * each + 4 * splits * masked, told, WAY_OUT)
    require_time(1e3 * (steps + 100.0 * graphs), told, WAY_OUT)
