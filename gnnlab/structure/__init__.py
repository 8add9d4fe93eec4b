"""Graph algorithms on sorted neighbour lists, compiled and shared out over threads.

The modules are imported by name (``gnnlab.structure.hops.sets``), so that nothing compiled loads
before it is asked for; the functions below load theirs. None of them knows a room: graphs come in
as an ``edge_index`` and a node count, or, in ``gnnlab.structure.transforms``, as PyG's ``Data``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnnlab.structure.hops.sets import hop_pairs
    from gnnlab.structure.paths.colors import path_colors
    from gnnlab.structure.paths.sets import paths_from
    from gnnlab.structure.subgraphs.colors import subgraph_colors
    from gnnlab.structure.subgraphs.k_hop import (
        KHopSubgraph,
        KHopSubgraphs,
        k_hop_subgraph,
        k_hop_subgraphs,
    )

__all__ = [
    "KHopSubgraph",
    "KHopSubgraphs",
    "hop_pairs",
    "k_hop_subgraph",
    "k_hop_subgraphs",
    "path_colors",
    "paths_from",
    "subgraph_colors",
]

_MODULES = {
    "KHopSubgraph": "subgraphs.k_hop",
    "KHopSubgraphs": "subgraphs.k_hop",
    "hop_pairs": "hops.sets",
    "k_hop_subgraph": "subgraphs.k_hop",
    "k_hop_subgraphs": "subgraphs.k_hop",
    "path_colors": "paths.colors",
    "paths_from": "paths.sets",
    "subgraph_colors": "subgraphs.colors",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
