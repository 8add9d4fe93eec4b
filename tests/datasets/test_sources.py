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

from gnnlab.datasets import load, sources

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
    from gnnlab.datasets.records import checksums

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
