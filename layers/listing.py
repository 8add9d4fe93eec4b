"""Listing of layers: the families of encoders and convolutions, and encoders by name."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.core.registry import Family
from gnnlab.core.settings import checked


def _is_encoder(cls: Any) -> bool:
    """Whether it is an encoder that is built of its widths, and not of another encoder."""
    return issubclass(cls, Encoder) and "hidden_channels" in inspect.signature(cls).parameters


convs: Family[type[nn.Module]] = Family(
    "convolution",
    "gnnlab.layers",
    lambda cls: cls.__name__.endswith("Conv"),
    text="Every exported convolution by name.",
)
encoders: Family[type[Encoder]] = Family(
    "model",
    "gnnlab.layers",
    _is_encoder,
    text="Every exported encoder by name.",
    group="gnnlab.models",
)


@checked
def find(name: str) -> type[Encoder]:
    """Return the encoder of that name; case, ``-``, ``_`` and ``+`` do not matter.

    ``package.module:Name`` names any class or function that makes a module, and an installed
    package offers more names by entry points of the group ``gnnlab.models``.

    Raises:
        ValueError: there is none; the nearest names are offered.

    Example:
        >>> find("gat-sep").__name__
        'GATSep'
    """
    return encoders.find(name)
