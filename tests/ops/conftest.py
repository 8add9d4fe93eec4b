from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gnnlab import ops

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers in ops_oracles.py


@pytest.fixture(params=["torch", "numba"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test once on each backend."""
    if request.param == "numba":
        pytest.importorskip("numba")
    with ops.use(request.param):
        yield request.param
