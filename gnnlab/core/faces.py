"""Faces of packages: the names that a package exports, loaded when first used.

A face is an ``__init__.pyi`` beside the package's ``__init__.py``, with a line for each exported
name: ``from .convolutional.gcn import GCN as GCN``. Type checkers and editors read it as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import lazy_loader

Get = Callable[[str], Any]
List = Callable[[], list[str]]


def face(package: str, file: str) -> tuple[Get, List, list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package, read from its face.

    Args:
        package: the package's ``__name__``.
        file: its ``__file__``.

    Raises:
        AttributeError: by ``__getattr__``, for a name that is not exported; the nearest are told.
    """
    load, listed, names = lazy_loader.attach_stub(package, file)

    def get(name: str) -> Any:
        if name in names:
            return load(name)
        near = get_close_matches(name, names, n=3, cutoff=0.6)
        way = f": did you mean {' or '.join(near)}?" if near else f"; it has {', '.join(names)}"
        raise AttributeError(f"{package} has no attribute {name!r}{way}")

    return get, listed, names
