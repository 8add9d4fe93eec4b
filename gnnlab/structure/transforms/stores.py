"""Graphs as PyG stores them, copied and filled without what PyG looks up at each step.

A set of small graphs is prepared in microseconds a graph, of which ``copy(data)`` and two
assignments ``data[key] = value`` take ten: PyG asks for properties, parents and caches of every
key. A plain ``Data`` is a dictionary, and is treated as one here; anything else goes PyG's way.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from copy import copy
from typing import Any

from torch_geometric.data import Data


def shallow(data: Data) -> Data:
    """A copy that shares its values, ``copy(data)``."""
    store = data._store if type(data) is Data and vars(data).keys() == {"_store"} else None
    if store is None:
        return copy(data)
    out, kept = Data.__new__(Data), object.__new__(type(store))
    vars(kept).update(vars(store), _mapping=dict(store._mapping), _parent=weakref.ref(out))
    # What PyG has found out about keys so far: it is the original's, which would be changed else.
    vars(kept).pop("_cached_attr", None)
    vars(out)["_store"] = kept
    return out


def put(data: Data, values: Mapping[str, Any]) -> None:
    """Store values, ``data[key] = value`` for each, in a graph that is the caller's to change."""
    store = data._store
    if type(data) is Data and "_cached_attr" not in vars(store):
        store._mapping.update(values)
    else:
        for key, value in values.items():
            data[key] = value
