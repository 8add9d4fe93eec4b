"""Random damage to files, decided by a seed alone."""

from __future__ import annotations

import gzip
import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

NUMBERS = (b"-1", b"0", b"4294967296", b"9" * 19, b"9" * 40, b"1e400", b"nan", b"-inf", b"", b"0x7")
WORDS = re.compile(rb"\d+")
BOMB = 300 << 20
"""Bytes that a compressed bomb unpacks to."""


def flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def insert(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.randbytes(rng.choice((1, 4, 16))) + content[place:]


def remove(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + content[place + rng.choice((1, 4, 16)) :]


def fill(content: bytes, rng: random.Random) -> bytes:
    place, size = rng.randrange(len(content) + 1), rng.choice((1, 2, 4, 8))
    return (
        content[:place] + rng.choice((b"\xff", b"\x00", b"\x7f")) * size + content[place + size :]
    )


def number(content: bytes, rng: random.Random) -> bytes:
    """Put another number in the place of one that is written out."""
    found = list(WORDS.finditer(content))
    if not found:
        return fill(content, rng)
    match = rng.choice(found)
    return content[: match.start()] + rng.choice(NUMBERS) + content[match.end() :]


def swap(content: bytes, rng: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return fill(content, rng)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def nest(content: bytes, rng: random.Random) -> bytes:
    """Brackets without an end, which a parser may follow until its stack ends."""
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.choice((b"[", b'{"a":')) * 20000 + content[place:]


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip, flip, cut, insert, remove, fill, fill, number, number, swap, nest,
)  # fmt: skip


def inside_zip(content: bytes, rng: random.Random) -> bytes:
    """Drop, damage or blow up one member of an archive, whose checksums then fit again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(members))
    way = rng.randrange(12)
    if way == 0:
        del members[name]
    else:
        members[name] = bytes(BOMB) if way == 1 else damaged(members[name], rng)
    if way == 1:
        return _archive(members, zipfile.ZIP_DEFLATED) if rng.random() < 0.1 else content[:-9]
    return _archive(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def inside_gzip(content: bytes, rng: random.Random) -> bytes:
    if rng.randrange(100) == 0:
        return bomb()
    return gzip.compress(damaged(gzip.decompress(content), rng), 1)


@cache
def bomb() -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(BOMB >> 20)) + packer.flush()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change a file somewhere, inside its compression where it has one."""
    if rng.random() < 0.7:
        if content[:2] == b"PK":
            return inside_zip(content, rng)
        if content[:2] == b"\x1f\x8b":
            return inside_gzip(content, rng)
    return rng.choice(WAYS)(content, rng)


def _archive(members: dict[str, bytes], method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()
