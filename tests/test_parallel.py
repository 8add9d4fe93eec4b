"""Items side by side: all that can be finished is, and a stop stops."""

from __future__ import annotations

import multiprocessing
import os
import time

import pytest

from gnnlab.parallel import side_by_side


def half(number: int) -> float:
    if number == 3:
        raise ValueError("three is odd")
    return number / 2


def process(number: int) -> int:
    return os.getpid()


def test_a_failure_does_not_lose_the_others() -> None:
    found = []
    with pytest.raises(RuntimeError, match="3 failed: three is odd") as caught:
        for result in side_by_side(half, [3, 4, 6, 8], jobs=2):
            found.append(result)
    assert sorted(found) == [2, 3, 4]
    assert isinstance(caught.value.__cause__, ValueError)


def test_items_run_in_other_processes() -> None:
    assert os.getpid() not in set(side_by_side(process, range(4), jobs=2))


def test_a_caller_who_stops_stops_the_processes() -> None:
    results = side_by_side(process, range(50), jobs=1)
    child = next(results)
    results.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if child not in {process.pid for process in multiprocessing.active_children()}:
            return
        time.sleep(0.05)
    pytest.fail("the process is still there")
