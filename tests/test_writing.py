"""Files written whole or not at all, on a full disk too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gnnlab.writing import write_atomically


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    place = tmp_path / "new" / "folder" / "part.npz"
    write_atomically(place, lambda file: np.savez(file, a=np.arange(3)))
    with np.load(place) as found:
        assert found["a"].tolist() == [0, 1, 2]
    assert list(place.parent.iterdir()) == [place]


def test_what_fails_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    place = tmp_path / "note"
    place.write_text("old")

    def stop(file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        assert len(list(tmp_path.iterdir())) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(place, stop)
    assert place.read_text() == "old" and list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("blocked", ["folder", "parent"])
def test_a_place_that_cannot_be_is_named(tmp_path: Path, blocked: str) -> None:
    place = tmp_path / "note"
    if blocked == "folder":
        (place / "within").mkdir(parents=True)
    else:
        place.write_text("a file")
        place = place / "below"
    with pytest.raises(OSError, match=f"{place} cannot be written .*: make room there") as caught:
        write_atomically(place, lambda file: file.write(b"x"))
    assert "\n" not in str(caught.value) and len(list(tmp_path.iterdir())) == 1


FULL = """
import resource, sys
from pathlib import Path
from gnnlab.writing import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), lambda file: file.write(bytes(5000)))
except OSError as error:
    print(error)
"""


def test_a_full_disk_tears_nothing(tmp_path: Path) -> None:
    """A bound on the size of files stands for the disk: writing fails in the same call."""
    pytest.importorskip("resource")
    place = tmp_path / "kept"
    place.write_text("old")
    root = Path(__file__).parents[1]
    told = subprocess.run(
        [sys.executable, "-c", FULL, str(place)],
        capture_output=True, text=True, check=True, cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ).stdout  # fmt: skip
    assert told.startswith(f"{place} cannot be written (") and told.count("\n") == 1
    assert place.read_text() == "old" and list(tmp_path.iterdir()) == [place]
