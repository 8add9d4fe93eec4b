"""Writing of files, whole or not at all, with every failure reported."""

from __future__ import annotations

import errno
import glob
import json
import os
import platform
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]


HOST = platform.node().replace(".", "_")
"""Whose processes a part's number is of: folders may be shared by machines."""
NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}
"""What shared file systems say that have none."""


class NotWritten(OSError):
    """A file that could not be written, and why: a full disk, say, on which all that follows would
    fail as well. So it ends a command, where another error may end one part of it."""


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Name the file where writing fails.

    Raises:
        NotWritten: in the place of any ``OSError``.
    """
    try:
        yield
    except NotWritten:
        raise
    except OSError as error:
        raise NotWritten(
            f"{path} cannot be written ({error.strerror or error}): make room or let it be "
            "written, or name another place; what is finished is kept"
        ) from error


def write_text(path: str | Path, text: str) -> None:
    """Write a text, whole or not at all; see :func:`write_atomically`."""
    write_atomically(path, lambda file: write_all(file, text.encode(errors="surrogateescape")))


def write_atomically(path: str | Path, write: Callable[[IO[bytes]], object]) -> None:
    """Put a file in its place when all of it is on the disk; until then what was there stays.

    A device or a pipe is written as it is.

    Args:
        write: is given a binary file to write into.

    Raises:
        NotWritten: the disk is full, the folder is not there, or the file may not be written.
    """
    path = Path(path)
    with naming(path):
        if _is_stream(path):
            with _stream(path) as file:
                write(file)
            return
        place = path.resolve()  # a link stays one
        _check_writable(place)
        part = place.with_name(f".{place.name}.{HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
        _tidy(place.parent)
        try:
            with open(part, "xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            if place.exists():
                part.chmod(stat.S_IMODE(place.stat().st_mode))
            os.replace(part, place)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(place.parent)


def append_line(path: str | Path, line: str, wanted: Callable[[bytes], bool] | None = None) -> bool:
    """Add a line of JSON, whole or not at all, also with other processes writing.

    What a process that was killed left of its last line is cut off.

    Args:
        line: without its end.
        wanted: is given the whole lines that are there, while no other process writes; where it
            answers False, nothing is written.

    Returns:
        Whether the line was written.

    Raises:
        NotWritten: the disk is full, say; the file is as it was.
    """
    path = Path(path)
    with naming(path):
        check_regular(path)
        new = not path.exists()
        with open(path, "a+b", buffering=0) as file, locked(file):
            file.seek(0)
            content = file.read()
            kept = whole_lines(content)
            if wanted is not None and not wanted(kept):
                return False
            end = "\n" if kept and not kept.endswith(b"\n") else ""
            _extend(file, len(kept), (end + line + "\n").encode())
        if new:
            _sync_folder(path.parent)
    return True


def whole_lines(content: bytes) -> bytes:
    """The content without a last line that was torn; one that lacks its end alone is kept."""
    start = content.rfind(b"\n") + 1
    try:
        json.loads(content[start:])
    except (ValueError, RecursionError):
        return content[:start]
    return content


def _extend(file: IO[bytes], length: int, text: bytes) -> None:
    """Cut a file to a length and write on from there; if that fails, leave it so."""
    file.truncate(length)
    try:
        write_all(file, text)
        os.fsync(file.fileno())
    except BaseException:
        file.truncate(length)
        raise


def write_all(file: IO[bytes], text: bytes) -> None:
    """Write all of it: an unbuffered file writes what fits, and says how much that was."""
    left = memoryview(text)
    while left:
        left = left[file.write(left) :]


def check_regular(path: Path) -> None:
    """Refuse a folder, a pipe or a device in the place of a file.

    Raises:
        OSError: it is there and no file.
    """
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise OSError(f"it is {kind} and no file")


def is_system(path: Path) -> bool:
    """Whether the system serves the file: ``/dev/stdout``, say, or a pipe of the shell's."""
    return bool({Path("/dev"), Path("/proc")} & set(path.absolute().parents))


def _is_stream(path: Path) -> bool:
    """Whether it is a pipe or a device, or what the shell calls a file that it has opened."""
    return path.exists() and not path.is_dir() and (is_system(path) or not path.is_file())


def _stream(path: Path) -> IO[bytes]:
    """Open a pipe or a device; a pipe that nobody reads would be waited for without end."""
    number = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(number, True)
    return os.fdopen(number, "wb")


def _check_writable(place: Path) -> None:
    """Refuse what moving a file into its place would overwrite all the same."""
    check_regular(place)
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError("the file is read-only")


def _tidy(folder: Path) -> None:
    """Remove the parts that processes of this machine left which were killed."""
    if os.name != "posix":
        return
    for part in folder.glob(f".*.{glob.escape(HOST)}-*.part"):
        number = part.name.split("-")[-2]
        if not number.isdigit() or _runs(int(number)):
            continue
        with suppress(OSError):
            part.unlink()


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Let a new name survive a loss of power, where folders can be synced."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def locked(file: IO[bytes], wait: bool = True) -> Iterator[bool]:
    """Keep other processes out, and end with the one that holds it; where the system or the file's
    disk has no such lock, one writer is assumed.

    Args:
        wait: False answers False where another one is in.
    """
    if fcntl is None:
        yield True
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        yield False
        return
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        yield True
        return
    try:
        yield True
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def read_shared(path: Path, start: int = 0) -> bytes:
    """The content of a file that other processes write, from a byte on; none if it is not there.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        check_regular(path)
        with open(path, "rb") as file:
            file.seek(start)
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error})") from error
