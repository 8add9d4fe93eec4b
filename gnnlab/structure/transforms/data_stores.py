"""Data stores of PyG: shallow copies, and writes that skip PyG's look-ups.

A set of small graphs is prepared in microseconds a graph, and for an assignment ``data[key] =
value`` PyG asks for properties, parents and caches of every key. A plain ``Data`` is a dictionary,
and is filled as one here; anything else goes PyG's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from torch_geometric.data import Data


def shallow(data: Data) -> Data:
    """A copy that shares its values, ``copy(data)``, typed."""
    found: Data = copy(data)
    return found


def put(data: Data, values: Mapping[str, Any]) -> None:
    """Store values, ``data[key] = value`` for each, in a graph that is the caller's to change."""
    store = data._store
    if type(data) is Data and "_cached_attr" not in vars(store):
        store._mapping.update(values)
    else:
        for key, value in values.items():
            data[key] = value
