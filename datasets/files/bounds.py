"""Bounds on the memory that a file may ask for, checked before anything is unpacked."""

from __future__ import annotations

import gzip
import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from gnnlab.datasets.files.damage import damaged

LEAST = 256 << 20
"""Bytes that any file may ask for."""
TIMES = 500
"""How many times its own size a larger file may ask for. The densest known set asks for 331 times:
bags of words, stored sparse and read dense."""
LINE = 1 << 24
"""Bytes in one line of a table."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those of archives; others cannot be unpacked a piece at a time."""


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes: ...
    def readline(self, size: int, /) -> bytes: ...


def most(path: Path) -> int:
    """Bytes that what a file holds may take up in memory."""
    return max(LEAST, TIMES * path.stat().st_size)


def check_room(path: Path, *shape: int, bytes_each: int = 4) -> None:
    """Refuse an array that a file of this size cannot fill.

    Args:
        path: the file that declares the shape.
        shape: of the array that would be made.
        bytes_each: of an entry.

    Raises:
        ValueError: a negative size, or more than :func:`most` bytes.
    """
    sizes = [int(size) for size in shape]
    if min(sizes, default=0) < 0 or bytes_each * math.prod(sizes) > most(path):
        told = f"it declares an array of {tuple(sizes)}, and has {path.stat().st_size:,} bytes"
        raise damaged(path, "arrays of its size", told)


def zeros(path: Path, *shape: int) -> np.ndarray:
    """Float32 zeros of a shape that a file declares, if :func:`check_room` lets it."""
    check_room(path, *shape)
    return np.zeros(tuple(int(size) for size in shape), dtype=np.float32)


def one_hot(values: np.ndarray, path: Path) -> np.ndarray:
    """One column per value that occurs, in increasing order: (N,) -> (N, V) float32."""
    levels, place = np.unique(values, return_inverse=True)
    hot = zeros(path, len(values), len(levels))
    hot[np.arange(len(values)), place.reshape(-1)] = 1
    return hot


def limited(stream: Stream, path: Path, kind: str) -> bytes:
    """Read a stream to its end, and no further than the file has room for."""
    content = stream.read(most(path) + 1)
    if len(content) > most(path):
        raise damaged(path, kind, f"it unpacks to more than {most(path):,} bytes")
    return content


def gunzip(content: bytes, path: Path, kind: str) -> bytes:
    """Unpack what gzip packed, within bounds."""
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
        return limited(stream, path, kind)


def member(path: Path, name: str) -> io.BytesIO:
    """Read one file out of an archive, within bounds.

    Raises:
        ValueError: it is not there, or this is no archive.
    """
    kind = f"an archive with {name}"
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).compress_type not in METHODS:
                raise damaged(path, kind, "it is compressed in a way that no published one is")
            with archive.open(name) as stream:
                return io.BytesIO(limited(stream, path, kind))
    except ValueError:
        raise
    except Exception as error:  # a damaged archive can raise nearly anything
        raise damaged(path, kind, error) from None


def lines(stream: Stream, path: Path, kind: str) -> Iterator[bytes]:
    """Give the lines of a stream, each and all of them within bounds."""
    left = most(path)
    while line := stream.readline(LINE):
        left -= len(line)
        if len(line) == LINE or left < 0:
            raise damaged(path, kind, "it unpacks to more than its size allows")
        yield line
