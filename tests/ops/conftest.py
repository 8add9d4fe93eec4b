from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gnnlab import ops

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers in ops_oracles.py

INTERPRETED_CASES = 5
"""Of each test's cases on triton, whose interpreter takes a second for what takes a millisecond."""
LONG = ("test_accuracy.py", "test_node_pairs.py")
"""Whose cases on triton take ten seconds each: they are in ``make nightly``."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a fixed sample of the cases on triton, and none that call an operation often."""
    families: dict[str, list[pytest.Item]] = {}
    for item in items:
        if "triton" in item.name.partition("[")[2].rstrip("]").split("-"):
            families.setdefault(item.nodeid.partition("[")[0], []).append(item)
    dropped: set[pytest.Item] = set()
    for name, cases in families.items():
        often = "gradcheck" in inspect.getsource(cases[0].function)  # type: ignore[attr-defined]
        kept = 0 if often else min(INTERPRETED_CASES, len(cases))
        dropped |= set(cases) - set(random.Random(name).sample(cases, kept))
    for item in (item for cases in families.values() for item in cases):
        if item.path.name in LONG:
            item.add_marker(pytest.mark.nightly)
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=list(dropped))


@pytest.fixture(scope="session")
def quick_interpreter() -> None:
    """Our helpers inside a kernel need not set up the language again: the kernel has done it."""
    module: Any = pytest.importorskip("triton.runtime.interpreter")
    whole = module.InterpretedFunction.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        ours = self.fn.__module__.startswith("gnnlab.")
        return self.rewrite()(*args, **kwargs) if ours else whole(self, *args, **kwargs)

    module.InterpretedFunction.__call__ = call


BACKENDS = ["torch", "numba", "triton", *filter(find_spec, ("torch_scatter", "torch_sparse"))]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test once on each backend."""
    if request.param != "torch" and find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    if request.param == "triton":
        request.getfixturevalue("quick_interpreter")
    with ops.use(request.param):
        yield request.param
