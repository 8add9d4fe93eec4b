"""Listing of encodings: the family of positional encodings computed from the graph."""

from __future__ import annotations

import re
from typing import Any

from gnnlab.core.registry import Family
from gnnlab.structure.transforms.encodings import Encoding


def label(cls: type[Encoding]) -> str:
    """The name under which an encoding is listed.

    Example:
        >>> from gnnlab.structure.transforms import RandomWalkPE
        >>> label(RandomWalkPE)
        'random_walk'
    """
    return re.sub(r"(?<=.)(?=[A-Z])", "_", cls.__name__.removesuffix("PE")).lower()


def _is_encoding(cls: Any) -> bool:
    return issubclass(cls, Encoding) and cls is not Encoding


encodings: Family[type[Encoding]] = Family(
    "encoding", "gnnlab.structure.transforms", _is_encoding, label
)
