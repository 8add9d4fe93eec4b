from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from gnnlab import ops

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers in ops_oracles.py


@pytest.fixture(params=["torch", "numba", "torch_scatter", "torch_sparse"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test once on each backend."""
    if request.param != "torch" and find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    with ops.use(request.param):
        yield request.param
