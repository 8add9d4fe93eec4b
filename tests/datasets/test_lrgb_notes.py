"""Files without a published checksum: the first good one is noted, and kept to."""

from __future__ import annotations

import io
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from gnnlab.datasets import loading
from gnnlab.datasets.files import sources
from tests.datasets.lrgb_twins import loaded, twin


def test_without_a_checksum_the_first_good_file_is_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Downloaded once, noted, and refused when the address gives something else."""
    record, _ = twin("Peptides-func", tmp_path / "served")
    served = (tmp_path / "served" / record.files[0]).read_bytes()
    record, home = replace(record, url="https://example.org/{file}?dl=1"), tmp_path / "home"
    asked: list[str] = []

    def answer(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(served)

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    loaded(record, home)
    file = home / record.files[0]
    note = file.with_name(file.name + sources.NOTE)
    assert note.read_text().strip() == sources.checksum(file)
    loaded(record, home)
    assert asked == ["https://example.org/peptidesfunc.zip?dl=1"]

    file.write_bytes(served + b"\n")
    with pytest.raises(ValueError, match=r"not the file the note \.sha256 beside it knows"):
        loaded(record, home)
    file.unlink()
    served += b"\n"
    with pytest.raises(ValueError, match=r"example\.org.* is not the file the note"):
        loaded(record, home)
    assert not file.exists()


def test_a_bad_first_file_leaves_no_note(tmp_path: Path) -> None:
    record, _ = twin("Peptides-func", tmp_path)
    file = tmp_path / record.files[0]
    with pytest.raises(ValueError, match="are published"):
        loaded(replace(record, statistics={"graphs": 7}), tmp_path)
    assert not file.with_name(file.name + sources.NOTE).exists()


def test_mirrors_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, _ = twin("Peptides-func", tmp_path / "mirror")
    monkeypatch.setenv("GNNLAB_MIRROR", str(tmp_path / "mirror"))
    loading.load_graphs(record, "atoms", "public", None)
    assert [path.suffix for path in (tmp_path / "mirror").rglob("*.*")] == [".zip"]
