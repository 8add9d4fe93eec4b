"""Files are whole or as they were, and what cannot be written is told."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from gnnlab.core.writing import HOST, NotWritten, append_line, write_atomically, write_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def rows(path: Path) -> list[int]:
    return [json.loads(line)["row"] for line in path.read_bytes().decode().splitlines()]


def test_a_full_disk_tears_no_line(small_disk: Path) -> None:
    path, written = small_disk / "rows.jsonl", 0
    with pytest.raises(NotWritten, match=r"rows.jsonl cannot be written \(No space left on device"):
        for row in range(1000):
            append_line(path, json.dumps({"row": row, "text": "x" * 333}))
            written += 1
    assert 100 < written < 300 and rows(path) == list(range(written))
    (small_disk / "filler").unlink(missing_ok=True)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:5]))  # room again
    append_line(path, '{"row": 5}')
    assert rows(path) == list(range(6))


def test_a_full_disk_leaves_what_was_there(small_disk: Path) -> None:
    page = small_disk / "page.md"
    write_text(page, "old")
    with pytest.raises(NotWritten, match=r"page.md cannot be written \(No space left"):
        write_text(page, "n" * 10**6)
    assert page.read_text() == "old" and os.listdir(small_disk) == ["page.md"]


CHILD = """
import json, resource, sys
from gnnlab.core.writing import append_line, write_text
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for row in range(100):
    append_line(sys.argv[1], json.dumps({"row": row, "text": "x" * 70}))
"""


def test_a_file_that_may_not_grow_keeps_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    words = [sys.executable, "-c", CHILD, str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "cannot be written (File too large)" in done.stderr
    assert rows(path) == list(range(len(rows(path)))) and len(rows(path)) == 10


@pytest.mark.parametrize(
    "tail", ['{"row": 3, "te', '{"row": 3, "text": "\\u00', "\0\0\0\0", "[" * 9**5]
)
def test_a_torn_line_is_cut_off(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"row": 1}\n{"row": 2}\n' + tail)
    append_line(path, '{"row": 3}')
    assert rows(path) == [1, 2, 3]


def test_a_whole_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"row": 1}')
    assert append_line(path, '{"row": 2}') and rows(path) == [1, 2]
    assert not append_line(path, '{"row": 3}', wanted=lambda content: b"2" not in content)
    assert rows(path) == [1, 2]


def test_half_a_file_is_never_seen(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    write_text(path, "old")
    seen = []

    def write(file: IO[bytes]) -> None:
        file.write(b"half")
        file.flush()
        seen.extend([path.read_text(), *(p.name for p in tmp_path.glob("[!.]*"))])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_atomically(path, write)
    assert seen == ["old", "page.md"] and os.listdir(tmp_path) == ["page.md"]


def test_parts_that_a_killed_process_left_are_removed(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    old, own = (f".a.md.{HOST}-{n}-1234.part" for n in (int(ended.stdout), os.getppid()))
    other = f".a.md.another{HOST}-{int(ended.stdout)}-1234.part"  # whose process may well run there
    for name in (old, own, other):
        (tmp_path / name).touch()
    write_text(tmp_path / "b.md", "text")
    assert sorted(os.listdir(tmp_path)) == sorted([own, other, "b.md"])


@pytest.mark.parametrize(("number", "works"), [(errno.ENOLCK, True), (errno.EIO, False)])
def test_disks_without_locks_are_written_by_one(
    number: int, works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def refuse(file: IO[bytes], how: int) -> None:
        if how & fcntl.LOCK_EX:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    if works:
        append_line(tmp_path / "rows.jsonl", "1")
        assert (tmp_path / "rows.jsonl").read_text() == "1\n"
    else:
        with pytest.raises(NotWritten, match="rows.jsonl cannot be written"):
            append_line(tmp_path / "rows.jsonl", "1")


def test_links_stay_and_rights_too(tmp_path: Path) -> None:
    path, link = tmp_path / "page.md", tmp_path / "link.md"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_text(link, "new")
    assert link.is_symlink() and path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(NotWritten, match="pipe cannot be written"):  # nobody reads
        write_text(pipe, "text")
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        write_text(pipe, "text")
        assert reader.read() == b"text"
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    "place", ["/dev/full", "folder", "missing/page.md", "file/page.md", "pipe"]
)
def test_places_that_take_no_file_are_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotWritten, match=f"{place} cannot be written .*: make room"):
        write_text(tmp_path / place, "text")
    if place != "/dev/full":
        with pytest.raises(NotWritten, match=f"{place} cannot be written"):
            append_line(tmp_path / place, "{}")


def test_writers_side_by_side_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"

    def write(first: int) -> None:
        for row in range(first, first + 20):
            append_line(path, json.dumps({"row": row}))

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 20, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rows(path)) == list(range(60))
