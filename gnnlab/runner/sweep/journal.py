"""Journal of a search: lines that processes share, and locks on the trials in work."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from gnnlab.core.writing import append_line, locked, naming, read_shared


class Journal(BaseJournalBackend):
    """Optuna's log as lines of JSON, each written whole or not at all.

    Args:
        path: of the file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int] = 0, 0  # lines, and the bytes that they take

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """The logs from a number on.

        Raises:
            ValueError: a damaged line.
        """
        lines, start = self._read if self._read[0] == log_number_from else (0, 0)
        content = read_shared(self._path, start)
        content = content[: content.rfind(b"\n") + 1]  # the last one may be at work
        found = [
            _parsed(line, f"line {number} of {self._path}")
            for number, line in enumerate(content.split(b"\n"), start=lines + 1)
            if line
        ]
        self._read = lines + len(found), start + len(content)
        return found[log_number_from - lines :]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add logs at the end."""
        for log in logs:
            append_line(self._path, json.dumps(log, separators=(",", ":")))


def _parsed(line: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(
            f"{place} is damaged: delete the file and run again; runs that are finished are kept"
        )
    return found


class Claims:
    """Which trials are somebody's work, as locks that end with the process that holds them.

    Args:
        path: of the journal.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def one(self, running: Callable[[], Sequence[int]], new: Callable[[], int]) -> Iterator[int]:
        """Hold a trial while it is worked on: one that nobody works on any more, or a new one.

        Args:
            running: gives the numbers of the trials that somebody began and nobody finished.
            new: begins one.
        """
        with ExitStack() as held:
            with _held(self._path.with_suffix(".lock")):  # one process at a time
                number = next((n for n in running() if self._take(n, running, held)), None)
                if number is None:
                    number = new()
                    self._take(number, lambda: [number], held)
            yield number

    def tidy(self) -> None:
        """Remove the locks that nobody holds: a process that was killed leaves its own, and a trial
        that was finished by then is taken up by nobody."""
        for path in self._path.parent.glob(f"{glob.escape(self._path.stem)}.*lock"):
            with _held(path, wait=False):
                pass

    def _take(self, number: int, running: Callable[[], Sequence[int]], held: ExitStack) -> bool:
        """Hold a trial; False where another process has it, or has finished it."""
        path = self._path.with_suffix(f".{number}.lock")
        with ExitStack() as own:
            if own.enter_context(_held(path, wait=False)) and number in running():
                held.push(own.pop_all())
                return True
        return False


@contextmanager
def _held(path: Path, wait: bool = True) -> Iterator[bool]:
    """Lock a file that is there for as long as it is locked.

    Args:
        wait: False answers False where another process has it.
    """
    with ExitStack() as own:
        while True:
            with naming(path):
                file = own.enter_context(open(path, "ab"))
            if not own.enter_context(locked(file, wait)):
                yield False
                return
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    break
            own.close()  # it was removed while it was opened
        try:
            yield True
        finally:
            with suppress(OSError):
                path.unlink()
