"""Commands that are killed leave nothing torn, doubled or running, and resume to the same bits."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from killing import COMMANDS, Count, kill_and_resume

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what still runs")


@pytest.mark.slow
def test_killed_at_a_few_random_moments(tmp_path: Path) -> None:
    count = Count()
    kill_and_resume("run", 4, tmp_path, seed=0, count=count)
    assert not count.faults and count.kills == 4


@pytest.mark.nightly
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_200_random_moments(name: str, tmp_path: Path) -> None:
    """20 for each of ten commands."""
    if "draws" in name and find_spec("optuna") is None:
        pytest.skip("optuna is not installed")
    if name == "study" and not os.environ.get("GNNLAB_MIRROR"):
        pytest.skip("the study's graphs are not here")
    count = Count()
    kill_and_resume(name, 20, tmp_path, seed=1, count=count)
    assert not count.faults and count.kills == 20
