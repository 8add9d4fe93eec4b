"""Graph algorithms on sorted neighbour lists, compiled and shared out over threads.

The modules are imported by name (``gnnlab.structure.csr``), so that nothing compiled loads before
it is asked for; the functions below load theirs. None of them knows a room: graphs come in as an
``edge_index`` and a node count, or, in ``gnnlab.structure.transforms``, as PyG's ``Data``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .k_hop import KHopSubgraph, KHopSubgraphs, k_hop_subgraph, k_hop_subgraphs
    from .pair_colors import subgraph_colors
    from .paths import paths_from
    from .paths_colors import path_colors

__all__ = [
    "KHopSubgraph",
    "KHopSubgraphs",
    "k_hop_subgraph",
    "k_hop_subgraphs",
    "path_colors",
    "paths_from",
    "subgraph_colors",
]

_MODULES = {
    "KHopSubgraph": "k_hop",
    "KHopSubgraphs": "k_hop",
    "k_hop_subgraph": "k_hop",
    "k_hop_subgraphs": "k_hop",
    "path_colors": "paths_colors",
    "paths_from": "paths",
    "subgraph_colors": "pair_colors",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
