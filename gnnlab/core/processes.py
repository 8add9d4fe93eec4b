"""Processes: a function over many items, in parallel."""

from __future__ import annotations

import ctypes
import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from threading import Thread, current_thread, main_thread
from typing import Generic, TypeVar

from gnnlab.core.allocator import keep_freed_pages
from gnnlab.core.writing import NotWritten

PDEATHSIG = 1
"""Linux's name for the signal that a process gets when its parent ends, in sys/prctl.h."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    lost: Callable[[Item], Result] | None = None,
) -> Iterator[Result]:
    """Yield what the function makes of the items: one after the other in this process, or, for
    more jobs than one, side by side as they are finished.

    An item whose process ends, killed by somebody or for its memory, is tried once more, alone.

    Args:
        lost: makes the result of an item whose process ends again; None takes that for a failure.

    Raises:
        ValueError: fewer than one job.
        RuntimeError: as :func:`side_by_side`.
    """
    check_jobs(jobs)
    if jobs == 1 or not items:
        return map(function, items)
    return _outlived(function, items, min(jobs, len(items)), lost)


def _outlived(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    lost: Callable[[Item], Result] | None,
) -> Iterator[Result]:
    """Go on where a process ends: it takes all others with it, and nobody knows whose it was."""
    left = dict(enumerate(items))
    numbered = [_Numbered(*item) for item in left.items()]
    try:
        for number, result in side_by_side(partial(_numbered, function), numbered, jobs):
            del left[number]
            yield result
        return
    except RuntimeError as error:
        _refuse_failure(error)
    for item in left.values():
        try:
            yield from side_by_side(function, [item], 1)
        except RuntimeError as error:
            _refuse_failure(error)
            if lost is None:
                raise RuntimeError(
                    f"{item} failed: its process was ended twice, as systems do with one that "
                    "takes too much memory"
                ) from error
            yield lost(item)


@dataclass(frozen=True)
class _Numbered(Generic[Item]):
    """An item with its place, named as the item is."""

    number: int
    item: Item

    def __str__(self) -> str:
        return str(self.item)


def _numbered(function: Callable[[Item], Result], item: _Numbered[Item]) -> tuple[int, Result]:
    return item.number, function(item.item)


def _refuse_failure(error: RuntimeError) -> None:
    """Raise what an item failed by, and pass over a process that ended."""
    if not isinstance(error.__cause__, BrokenProcessPool):
        raise error


def check_jobs(jobs: int) -> None:
    """Refuse to work with no process.

    Raises:
        ValueError: fewer than one job.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}, but at least one process must work")


def side_by_side(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[Result]:
    """Yield what the function makes of the items, as it is finished.

    An item that fails does not stop the others: its error is raised when all are done; a disk that
    is full is told at once. Whatever stops the caller (Ctrl-C above all) stops the processes at
    once, and they end with it if it is killed.

    Raises:
        RuntimeError: naming the first item that failed, with its error as the cause.
        NotWritten: as an item raised it.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    # The kernel ends children with the thread that made them, which the main one outlives.
    kept = current_thread() is main_thread()
    # Not fork: a forked child inherits locks of threads that it does not have.
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (threads, kept))
    failed: list[tuple[Item, Exception]] = []
    try:
        with _without_interrupt():
            futures = {pool.submit(function, item): item for item in items}
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, NotWritten):
                raise error
            if isinstance(error, Exception):
                failed.append((futures[future], error))
            else:
                yield future.result()
    except BaseException:
        for process in list(pool._processes.values()):  # the pool itself would wait for them
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    if failed:
        item, error = failed[0]
        raise RuntimeError(f"{item} failed: {error}") from error


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Let processes that are made meanwhile not see Ctrl-C, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(threads: int, kept: bool) -> None:
    """Set up a process: its share of the cores; Ctrl-C and warnings are the parent's matter.

    Args:
        kept: the thread that made it lives as long as the parent does.
    """
    if kept:
        _end_with_parent()
    Thread(target=_follow_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    keep_freed_pages()
    import torch

    torch.set_num_threads(threads)


def _end_with_parent() -> None:
    """Let the kernel end this process with its parent, at once: a thread that waits for that has
    to wait for this process's imports as well."""
    parent = parent_process()
    with suppress(AttributeError, OSError, TypeError):  # Linux alone has it
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.name == "posix" and os.getppid() != parent.pid:
        os._exit(1)  # it was killed before


def _follow_parent() -> None:
    """End with a parent that was killed, whose next run will write the same files."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
