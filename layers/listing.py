"""Listings of what the room exports, and names resolved as people write them."""

from __future__ import annotations

import sys

from torch import nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.core.names import find_by_name
from gnnlab.core.settings import checked


def convs() -> dict[str, type[nn.Module]]:
    """Every exported ``…Conv`` by name."""
    return {name: cls for name, cls in _exported().items() if name.endswith("Conv")}


def encoders() -> dict[str, type[Encoder]]:
    """Every exported encoder by name; one with steps before it is built of another."""
    found = {name: cls for name, cls in _exported().items() if issubclass(cls, Encoder)}
    return {name: cls for name, cls in found.items() if name != "WithInputs"}


@checked
def find(name: str) -> type[Encoder]:
    """Return the encoder of that name; case, ``-``, ``_`` and ``+`` do not matter.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find("gat-sep").__name__
        'GATSep'
    """
    return find_by_name("model", name, encoders())


def _exported() -> dict[str, type[nn.Module]]:
    room = sys.modules["gnnlab.layers"]
    found = {name: getattr(room, name) for name in room.__all__}
    return {name: cls for name, cls in found.items() if isinstance(cls, type)}
