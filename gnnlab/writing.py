"""Files written whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place, and move it there once it is on the disk.

    A reader sees the old file or the new one and never a part of it, and so does whoever looks
    after a power cut. Where ``write`` raises, nothing is left behind and the old file stays.
    Folders on the way are made.

    Args:
        path: where the file belongs.
        write: is given the open file.

    Raises:
        OSError: one sentence: what could not be written, and why.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "folder" / "note.txt"
        >>> write_atomically(place, lambda file: file.write(b"kept"))
        >>> place.read_bytes(), [path.name for path in place.parent.iterdir()]
        (b'kept', ['note.txt'])
    """
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        _keep_name(path.parent)
    except OSError as error:
        told = error.strerror or str(error)
        raise OSError(
            f"{path} cannot be written ({told}): make room there, or choose another place"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """Put a folder's list of names on the disk too, where the system lets folders be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
