"""Freed memory stays with the process that asks for it, and with no other."""

from __future__ import annotations

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from gnnlab import cli
from gnnlab.core import allocator as pages

FAULTS = """
import resource, sys
from gnnlab.core.allocator import keep_freed_pages
import torch
kept = keep_freed_pages() if sys.argv[1] == "keep" else False
table = torch.ones(16_000_000)
for _ in range(20):
    table + 1
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    table + 1
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def faults(word: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, word],
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    kept, count = done.stdout.split()
    return int(kept), int(count)


@glibc
def test_kept_pages_are_not_asked_for_again() -> None:
    """Ten sums of 64 MB: 16,000 faults each where memory goes back, few where pages are huge."""
    (kept, few), (_, many) = faults("keep"), faults("leave")
    assert kept == 1 and many > 2 * max(few, 1)


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        pass

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())
    assert not pages.keep_freed_pages()


def test_old_libraries_get_the_largest_piece_that_they_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []

    class Library:
        def mallopt(self, name: int, value: int) -> int:
            asked.append((name, value))
            return int(name != pages.MMAP_THRESHOLD or value <= 32 << 20)

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())
    assert pages.keep_freed_pages()
    assert (pages.MMAP_THRESHOLD, 32 << 20) in asked
    assert (pages.TRIM_THRESHOLD, pages.FREE) in asked


def test_commands_keep_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(cli, "keep_freed_pages", lambda: done.append("kept"))
    monkeypatch.setattr(cli, "main", lambda: done.append("run") or 0)
    monkeypatch.setattr(cli.atexit, "_run_exitfuncs", lambda: None)
    monkeypatch.setattr(cli.os, "_exit", lambda status: done.append(f"left {status}"))
    cli.entry()
    assert done == ["kept", "run", "left 0"]
