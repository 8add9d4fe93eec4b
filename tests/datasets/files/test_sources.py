"""Mirrors, cache, download: what is found where, and what is said when it is not."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from gnnlab.datasets import load
from gnnlab.datasets.files import sources

PATH = "group/name/file.npz"
URL = "https://example.org/data/{file}"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    table = {PATH: "sha256:" + hashlib.sha256(b"good").hexdigest()}
    monkeypatch.setattr(sources, "checksums", lambda: table)
    return table


def put(folder: Path, content: bytes = b"good") -> Path:
    file = folder / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file


def serve(monkeypatch: pytest.MonkeyPatch, *answers: bytes | Exception) -> list[str]:
    asked: list[str] = []

    def answer(address: str, timeout: float) -> Any:
        asked.append(address)
        given = answers[min(len(asked), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return io.BytesIO(given)

    monkeypatch.setattr("urllib.request.urlopen", answer)
    return asked


def test_root_comes_before_mirrors_and_mirrors_before_the_cache(
    known: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    monkeypatch.setenv("GNNLAB_MIRROR", os.pathsep.join(map(str, (one, two))))
    cached = put(sources.cache_home() / "data")
    assert sources.locate(PATH, None) == cached
    second = put(two)
    assert sources.locate(PATH, None) == second
    first = put(one)
    assert sources.locate(PATH, None) == first
    own = put(tmp_path / "own")
    assert sources.locate(PATH, None, tmp_path / "own") == own


def test_a_download_is_verified_cached_and_not_repeated(
    known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = serve(monkeypatch, b"good")
    file = sources.locate(PATH, URL)
    assert file == sources.cache_home() / "data" / PATH
    assert file.read_bytes() == b"good"
    assert sources.locate(PATH, URL) == file
    assert asked == ["https://example.org/data/file.npz"]


def test_a_broken_connection_is_tried_again(
    known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = serve(monkeypatch, TimeoutError("slow"), ConnectionResetError("gone"), b"good")
    assert sources.locate(PATH, URL).read_bytes() == b"good"
    assert len(asked) == 3


def test_a_missing_page_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = urllib.error.HTTPError("u", 404, "Not Found", None, None)  # type: ignore[arg-type]
    asked = serve(monkeypatch, gone)
    with pytest.raises(FileNotFoundError, match="404"):
        sources.locate(PATH, URL)
    assert len(asked) == 1


def test_no_network_says_what_to_fetch_from_where_and_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GNNLAB_MIRROR", raising=False)
    with pytest.raises(FileNotFoundError) as caught:
        load("roman-empire")
    said = str(caught.value)
    assert "roman_empire.npz" in said
    assert (
        "https://raw.githubusercontent.com/yandex-research/heterophilous-graphs/main/data/"
        "roman_empire.npz"
    ) in said
    target = tmp_path / "home" / "data" / "heterophilous" / "roman-empire" / "roman_empire.npz"
    assert str(target) in said
    assert "GNNLAB_MIRROR" in said
    assert "\n" not in said
    assert not list(tmp_path.rglob("*.part"))


def test_a_set_without_an_address_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GNNLAB_MIRROR", raising=False)
    with pytest.raises(FileNotFoundError, match="no public address in this format"):
        load("flickr_attr", root=tmp_path)


@pytest.mark.parametrize("content", [b"goo", b"", b"bad!"])
def test_a_damaged_file_says_expected_got_and_the_way_out(
    known: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    file = put(tmp_path, content)
    with pytest.raises(ValueError) as caught:
        sources.locate(PATH, URL, tmp_path)
    said = str(caught.value)
    assert str(file) in said and known[PATH] in said and "delete or replace it" in said
    assert hashlib.sha256(content).hexdigest() in said


def test_a_damaged_download_leaves_no_file(
    known: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(monkeypatch, b"<html>please log in</html>")
    with pytest.raises(ValueError, match="https://example.org/data/file.npz is not the file"):
        sources.locate(PATH, URL)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_git_checksums_are_those_of_git(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"some bytes\n")
    try:
        git = subprocess.run(["git", "hash-object", file], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    assert sources.checksum(file, "git") == "git:" + git.stdout.strip()


def test_either_of_two_checksums_is_good(known: dict[str, str], tmp_path: Path) -> None:
    known[PATH] = "sha256:" + "0" * 64 + " git:" + hashlib.sha1(b"blob 4\x00good").hexdigest()
    assert sources.locate(PATH, None, put(tmp_path).parents[2])


def test_every_mirrored_file_of_the_catalogue_is_the_known_one(mirror: Path) -> None:
    from gnnlab.datasets.catalogue.records import checksums

    at_hand = [path for path in checksums() if (mirror / path).is_file()]
    assert len(at_hand) > 130
    for path in at_hand:
        sources.verified(mirror / path, path)


def test_a_damaged_mirror_gives_way_to_a_good_one(
    known: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in (("bad", b"bad!"), ("good", b"good")):
        file = tmp_path / name / PATH
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    monkeypatch.setenv("GNNLAB_MIRROR", os.pathsep.join(str(tmp_path / n) for n in ("bad", "good")))
    assert sources.locate(PATH, None) == tmp_path / "good" / PATH


def test_a_mirror_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNNLAB_MIRROR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "cache"))
    with pytest.raises(FileNotFoundError, match="nowhere in GNNLAB_MIRROR is no folder"):
        sources.locate(PATH, None)
    assert not (tmp_path / "cache").exists()


def refusing(kind: str, place: Path) -> None:
    """Put something that is no file where one is looked for."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(place.parent / "nowhere")


KINDS = ["folder", "link", *(["pipe"] if hasattr(os, "mkfifo") else [])]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["root", "mirror", "cache"])
def test_what_is_no_file_is_named_and_never_opened(
    known: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, where: str
) -> None:
    monkeypatch.setenv("GNNLAB_MIRROR", str(tmp_path / "mirror"))
    asked = serve(monkeypatch, b"good")
    home = sources.cache_home() / "data" if where == "cache" else tmp_path / where
    root = tmp_path / "root" if where == "root" else None
    refusing(kind, home / PATH)
    with pytest.raises(ValueError, match=f"{home / PATH} is a .* and no file: delete it"):
        sources.locate(PATH, URL, root)
    assert asked == []
    if where != "root":  # another place may hold a good one
        good = put(tmp_path / "other")
        assert sources.locate(PATH, URL, tmp_path / "other") == good


@pytest.mark.parametrize("kind", KINDS)
def test_a_note_that_is_no_file_is_named(tmp_path: Path, kind: str) -> None:
    file = put(tmp_path)
    note = file.with_name(file.name + sources.NOTE)
    refusing(kind, note)
    sources.keep_checksum(file, PATH)  # writes over nothing
    with pytest.raises(ValueError, match=f"{note} is a .* and no file"):
        sources.locate(PATH, None, tmp_path)


@pytest.mark.parametrize("text", [b"", b"sha256:12", b"\xff\xfe", b"sha256:" + b"g" * 64])
def test_a_torn_note_is_named_and_not_the_file(tmp_path: Path, text: bytes) -> None:
    file = put(tmp_path)
    note = file.with_name(file.name + sources.NOTE)
    note.write_bytes(text)
    with pytest.raises(ValueError, match=f"{note} holds no checksum .*: delete it"):
        sources.locate(PATH, None, tmp_path)


def full(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_refuses_a_download_in_one_sentence_and_leaves_nothing(
    known: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(monkeypatch, b"good")
    monkeypatch.setattr("gnnlab.core.writing.os.fsync", full)
    with pytest.raises(OSError, match=r"file.npz cannot be written \(No space left") as caught:
        sources.locate(PATH, URL)
    assert "make room or let it be written" in str(caught.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_full_disk_warns_where_only_the_note_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path)
    monkeypatch.setattr("gnnlab.core.writing.os.fsync", full)
    with pytest.warns(UserWarning, match="was read, but is not vouched for: .*No space left"):
        sources.keep_checksum(file, PATH)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path)
    denied = PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(denied))
    with pytest.raises(ValueError, match=f"{file} cannot be read .Permission denied."):
        sources.checksum(file)
