"""Node count of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import shown

if TYPE_CHECKING:
    from torch_geometric.data import Data

MOST = 2**31 - 1
"""Nodes that are numbered: indices are 32 bits wide inside."""


def count_nodes(data: Data, stored: dict[str, Any] | None = None) -> int:
    """N, 0 where it is unknown: what ``data.num_nodes`` finds by going through all keys.

    Args:
        data: the graph.
        stored: ``data.to_dict()``, where it is at hand.

    Raises:
        ValueError: nothing that counts nodes, or more of them than are numbered.
    """
    stored = data.to_dict() if stored is None else stored
    x = stored.get("x")
    if "num_nodes" not in stored and isinstance(x, Tensor) and x.dim():
        return x.shape[0]
    told = _told(data)
    whole = told.item() if isinstance(told, Tensor) and told.numel() == 1 else told
    if not isinstance(whole, int) or not 0 <= whole <= MOST:
        raise ValueError(
            f"the graph has {shown(told)} nodes by what it holds, but it must be a whole number of "
            f"at most {MOST:,}: set data.num_nodes"
        )
    return whole


def _told(data: Data) -> Any:
    """What PyG finds."""
    try:
        return data.num_nodes or 0
    except Exception as error:  # of whatever PyG, or torch in its name, did with the first key
        x = described(data.to_dict().get("x"))
        raise ValueError(
            f"the nodes of a graph whose data.x is {x} cannot be counted: give each node a row of "
            "x, (N, F), or set data.num_nodes"
        ) from error
