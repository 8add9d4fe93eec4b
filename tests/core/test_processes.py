"""Items side by side: all that can be finished is, and a stop stops."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gnnlab.core.processes import each, side_by_side
from gnnlab.core.writing import NotWritten


def half(number: int) -> float:
    if number == 3:
        raise ValueError("three is odd")
    return number / 2


def process(number: int) -> int:
    return os.getpid()


def wait(file: str) -> None:
    Path(file).write_text(str(os.getpid()))
    time.sleep(120)


def test_a_failure_does_not_lose_the_others() -> None:
    found = []
    with pytest.raises(RuntimeError, match="3 failed: three is odd") as caught:
        for result in side_by_side(half, [3, 4, 6, 8], jobs=2):
            found.append(result)
    assert sorted(found) == [2, 3, 4]
    assert isinstance(caught.value.__cause__, ValueError)


def end(number: int) -> float:
    if number == 0:
        os.kill(os.getpid(), 9)
    return half(number)


def test_a_process_that_is_killed_loses_its_item_alone() -> None:
    found = list(each(end, [4, 0, 6], jobs=2, lost=lambda number: number - 1))
    assert sorted(found) == [-1, 2, 3]


def end_once(file: str) -> str:
    if file and not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), 9)
    return file


def test_an_item_whose_process_was_killed_is_tried_again(tmp_path: Path) -> None:
    file = str(tmp_path / "once")
    assert sorted(each(end_once, ["", file], jobs=2)) == ["", file]
    with pytest.raises(RuntimeError, match="0 failed: its process was ended twice"):
        list(each(end, [4, 0], jobs=2))


def test_a_full_disk_is_told_at_once_and_as_it_is() -> None:
    with pytest.raises(NotWritten, match="^it cannot be written$"):
        list(side_by_side(refuse, [1, 2], jobs=1))


def refuse(number: int) -> None:
    raise NotWritten("it cannot be written")


def test_what_is_lost_is_no_excuse_for_an_error() -> None:
    with pytest.raises(RuntimeError, match="three is odd"):
        list(each(half, [4, 3], jobs=2, lost=pytest.fail))


def test_one_job_needs_no_process() -> None:
    assert set(each(process, [1, 2], jobs=1)) == {os.getpid()}
    assert list(each(half, [], jobs=4)) == []
    with pytest.raises(ValueError, match="jobs is 0, but at least one process"):
        each(half, [1], jobs=0)


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


def hold(file: str) -> None:
    """Wait as an import does that runs compiled code: no other thread of the process runs."""
    Path(file).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(120)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc which processes there are")
@pytest.mark.parametrize("how", ["wait", "hold"])
def test_processes_end_with_a_caller_that_is_killed(tmp_path: Path, how: str) -> None:
    told = tmp_path / "pid"
    call = f"list(side_by_side({how}, [{str(told)!r}], jobs=1))"
    code = f"from tests.core.test_processes import *; {call}"
    # Not multiprocessing: its process would end its own children as it goes.
    root = Path(__file__).resolve().parents[2]
    caller = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(told.read_text())
    caller.kill()
    caller.wait()
    while time.monotonic() < deadline:
        if not _runs(child):
            return
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("the process outlived its caller")


def _runs(number: int) -> bool:
    """Whether a process is there and not waiting to be buried."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except FileNotFoundError:
        return False
