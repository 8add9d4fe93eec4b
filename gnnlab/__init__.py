"""Graph neural networks for node, link and graph tasks.

The rooms ``gnnlab.datasets``, ``gnnlab.layers``, ``gnnlab.rewiring`` and ``gnnlab.tasks`` and the
primitives ``gnnlab.ops`` load when they are first touched, so that ``import gnnlab`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gnnlab import _checkout as _checkout
from gnnlab import _moved as _moved
from gnnlab._version import __version__

if TYPE_CHECKING:
    from gnnlab import conformal, datasets, explain, layers, ops, rewiring, runner, tasks
    from gnnlab.contracts.data import check

__all__ = [
    "__version__",
    "check",
    "conformal",
    "datasets",
    "explain",
    "layers",
    "ops",
    "rewiring",
    "runner",
    "tasks",
]


def __getattr__(name: str) -> Any:
    if name == "check":
        return import_module("gnnlab.contracts.data").check
    if name in __all__:
        return import_module(f"gnnlab.{name}")
    raise AttributeError(f"module 'gnnlab' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
