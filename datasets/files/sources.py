"""Sources of files, in order: the mirrors, the cache, the public address."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from gnnlab.core.paths import cache_home
from gnnlab.core.writing import naming, write_atomically
from gnnlab.datasets.catalogue.records import checksums
from gnnlab.datasets.files.damage import Damaged

ATTEMPTS = 3
PAUSE = 1.0  # seconds before the second attempt; doubled before the third
TIMEOUT = 30.0
NOTE = ".sha256"
"""What is added to a file's name to name the note of its checksum."""


def locate(path: str, url: str | None, root: str | Path | None = None) -> Path:
    """Give a verified local file for a mirror path, fetching it if it is nowhere at hand.

    Args:
        path: ``group/name/file`` as in a mirror.
        url: public address, with ``{file}`` for the file's name; None where there is none.
        root: a folder laid out as a mirror, looked at first and downloaded into; without it
            downloads go to ``$GNNLAB_HOME/data``.

    Raises:
        ValueError: the file's checksum is not the catalogue's.
        FileNotFoundError: not at hand, and it cannot be fetched: says what, from where, and where
            to put it.
    """
    home = Path(root).expanduser() if root is not None else cache_home() / "data"
    damaged: ValueError | None = None
    for folder in places(root):
        try:
            if is_there(folder / path):
                return verified(folder / path, path)
        except ValueError as error:  # another place may hold a good one
            damaged = damaged or error
    if damaged is not None:
        raise damaged
    target = home / path
    if url is None:
        raise FileNotFoundError(_missing(path, "has no public address in this format", home))
    address = url.replace("{file}", Path(path).name)
    download(address, target, path, home)
    return target


def places(root: str | Path | None = None) -> Iterator[Path]:
    """List the folders to search, in order: ``root``, the mirrors, the cache."""
    if root is not None:
        yield Path(root).expanduser()
    yield from mirrors()
    yield cache_home() / "data"


def is_there(file: Path) -> bool:
    """Whether there is a file to read.

    Raises:
        ValueError: what is there is no plain file; to open a pipe would wait for ever.
    """
    try:
        if file.is_file():
            return True
        there = file.exists() or file.is_symlink()
    except OSError as error:  # a folder that may not be looked into, or a name that cannot be
        raise Damaged(
            f"{file} cannot be looked at ({error.strerror}): name another place"
        ) from None
    if there:
        what = "a folder" if file.is_dir() else "a link to nothing, a pipe or a device"
        raise Damaged(f"{file} is {what} and no file: delete it and load again")
    return False


def mirrors() -> list[Path]:
    """List the folders that ``GNNLAB_MIRROR`` names."""
    entries = os.environ.get("GNNLAB_MIRROR", "").split(os.pathsep)
    return [Path(entry).expanduser() for entry in entries if entry]


def verified(file: Path, path: str, told: str | None = None, place: Path | None = None) -> Path:
    """Return the file if its checksum is the one that is known, or if none is.

    Where the catalogue knows none, the checksum that :func:`keep_checksum` wrote beside it counts.

    Args:
        file: to hash.
        path: its mirror path, under which the catalogue lists it.
        told: what the message calls it, if not by its place.
        place: where the file will lie, if not where it lies now.

    Raises:
        ValueError: another checksum; the message says expected, got and the way out.
    """
    expected = checksums().get(path, kept_checksum(place or file)).split()
    got = [checksum(file, known.partition(":")[0]) for known in expected]
    if expected and not set(expected) & set(got):
        way_out = "try again later" if told else "delete or replace it and load again"
        known = "catalogue knows" if path in checksums() else f"note {NOTE} beside it knows"
        raise Damaged(
            f"{told or file} is not the file the {known}: expected "
            f"{' or '.join(expected)}, got {got[0]} ({file.stat().st_size} bytes); it is "
            f"truncated, changed or another version, so {way_out}"
        )
    return file


def keep_checksum(file: Path, path: str) -> None:
    """Write the checksum of a file that proved good beside it, if the catalogue knows none.

    Where nothing may be written, as in a mirror, nothing is; where writing fails for another
    reason, such as a full disk, there is a warning.
    """
    note = file.with_name(file.name + NOTE)
    if path in checksums() or os.path.lexists(note) or any(map(file.is_relative_to, mirrors())):
        return
    text = checksum(file).encode("ascii") + b"\n"
    try:
        write_atomically(note, lambda out: out.write(text))
    except OSError as error:
        if not isinstance(error.__cause__, PermissionError) and os.access(note.parent, os.W_OK):
            warnings.warn(f"{file} was read, but is not vouched for: {error}", stacklevel=2)


def kept_checksum(file: Path) -> str:
    """Read what :func:`keep_checksum` wrote; empty if nothing.

    Raises:
        ValueError: the note is no checksum.
    """
    note = file.with_name(file.name + NOTE)
    if not is_there(note):
        return ""
    with note.open("rb") as opened:
        text = opened.read(200).decode("ascii", errors="replace").strip()
    if not re.fullmatch("sha256:[0-9a-f]{64}", text):
        raise Damaged(f"{note} holds no checksum ({text[:20]!r}): delete it and load again")
    return text


def checksum(file: Path, kind: str = "sha256") -> str:
    """Hash a file, as plain SHA-256 or as git names a blob; prefixed with the kind."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Damaged(f"{file} cannot be read ({error.strerror}): name another place") from None
    if kind == "git":
        header = b"blob %d\x00" % len(content)
        return "git:" + hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
    return "sha256:" + hashlib.sha256(content).hexdigest()


def combined(used: Mapping[str, str]) -> str:
    """One hash for several files, by name and hash of each; that of a file alone is its own."""
    if len(used) == 1:
        return next(iter(used.values()))
    text = "\n".join(f"{path} {digest}" for path, digest in sorted(used.items()))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def download(address: str, target: Path, path: str, home: Path) -> None:
    """Fetch, verify, then move into place, so that a broken download leaves no file behind.

    Raises:
        FileNotFoundError: after three attempts, or at once where the server says no.
        ValueError: what came has another checksum than the catalogue's.
    """
    write(_fetch(address, path, home), target, lambda part: verified(part, path, address, target))


def write(content: bytes, target: Path, accept: Callable[[Path], object] | None = None) -> None:
    """Write a file beside its place and move it there, so that none is ever seen half written.

    Args:
        accept: is given what was written, and raises if it is not good.

    Raises:
        OSError: it cannot be written; without it on the disk nothing is loaded.
    """

    def fill(out: IO[bytes]) -> None:
        out.write(content)
        out.flush()
        if accept is not None:
            accept(Path(out.name))

    with naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, fill)


def _fetch(address: str, path: str, home: Path) -> bytes:
    problem: Exception | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
                content: bytes = answer.read()
                return content
        except (OSError, ValueError, http.client.HTTPException) as error:
            problem = error
            # These will not change on a second try; 429 and 5xx may.
            if isinstance(error, urllib.error.HTTPError) and error.code in (401, 403, 404, 410):
                break
    reason = f"could not be downloaded from {address} ({problem})"
    raise FileNotFoundError(_missing(path, reason, home)) from None


def _missing(path: str, reason: str, home: Path) -> str:
    absent = [folder for folder in mirrors() if not folder.is_dir()]
    return (
        f"{Path(path).name} is in no mirror and not in the cache, and {reason}; fetch it on a "
        f"machine that can and put it at {home / path}, or name a folder that holds {path} in "
        "GNNLAB_MIRROR"
    ) + "".join(f" ({folder} in GNNLAB_MIRROR is no folder)" for folder in absent)
