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
    from gnnlab.runner import results
    from gnnlab.runner.calls import run
    from gnnlab.tasks.saved.ensemble import Ensemble
    from gnnlab.tasks.saved.exported import export
    from gnnlab.tasks.saved.loading import load

__all__ = [
    "Ensemble",
    "__version__",
    "check",
    "conformal",
    "datasets",
    "export",
    "explain",
    "layers",
    "load",
    "ops",
    "results",
    "rewiring",
    "run",
    "runner",
    "tasks",
]


OWN = {
    "Ensemble": "gnnlab.tasks.saved.ensemble",
    "check": "gnnlab.contracts.data",
    "export": "gnnlab.tasks.saved.exported",
    "load": "gnnlab.tasks.saved.loading",
    "results": "gnnlab.runner",
    "run": "gnnlab.runner.calls",
}
"""Names that are no packages, and where they are."""


def __getattr__(name: str) -> Any:
    if name in OWN:
        return getattr(import_module(OWN[name]), name)
    if name in __all__:
        return import_module(f"gnnlab.{name}")
    raise AttributeError(f"module 'gnnlab' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
