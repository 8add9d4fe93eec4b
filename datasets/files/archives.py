"""Archives and loose files of a data set: found locally or fetched, and verified."""

from __future__ import annotations

import os
from pathlib import Path

from gnnlab.core.paths import cache_home
from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import member
from gnnlab.datasets.files.sources import checksum, is_there, keep_checksum, locate, places, write


def locate_file(record: Record, path: str, root: str | Path | None = None) -> Path:
    """Give a verified local file of a set, fetching it or its archive if neither is at hand.

    A file out of an archive is written to ``$GNNLAB_HOME/data`` under the archive's checksum, so
    that another archive never meets what was unpacked from this one.

    Args:
        path: ``group/name/file`` as in a mirror.
        root: a folder laid out as a mirror, looked at first.

    Raises:
        ValueError: a checksum is not the catalogue's, or the archive does not hold the file.
        FileNotFoundError: not at hand, and it cannot be fetched.
    """
    if record.archive is None or _is_loose(path, root):
        return locate(path, record.address(path), root)
    archive = locate(archive_path(record), record.archive, root)
    folder, _, file = path.rpartition("/")
    known = checksum(archive).partition(":")[2][:16]
    target = cache_home() / "data" / folder / f"unpacked-{known}" / file
    if not is_there(target):
        write(member(archive, f"{record.name}/{file}").getvalue(), target)
    return target


def keep_archive(record: Record, root: str | Path | None = None) -> None:
    """Write the checksum of a set's archive beside it, now that what it holds proved good."""
    if record.archive is not None:
        path = archive_path(record)
        for folder in places(root):
            if is_there(folder / path):
                keep_checksum(folder / path, path)
                return


def _is_loose(path: str, root: str | Path | None) -> bool:
    """Whether any place holds the file itself; what stands there and is none is found later."""
    return any(os.path.lexists(folder / path) for folder in places(root))


def archive_path(record: Record) -> str:
    """Where the archive of a set lies in a mirror: beside its files."""
    folder = record.files[0].rpartition("/")[0]
    return f"{folder}/{str(record.archive).rpartition('/')[2]}"
