"""No test of this room touches the network or the user's cache."""

from __future__ import annotations

import os
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from gnnlab.datasets.files import sources


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(address: str, timeout: float) -> Any:
        raise urllib.error.URLError(f"no network in tests: {address}")

    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sources, "PAUSE", 0.0)
    monkeypatch.setattr("urllib.request.urlopen", refuse)


@pytest.fixture
def mirror() -> Path:
    """The first folder of GNNLAB_MIRROR, or skip."""
    folder = os.environ.get("GNNLAB_MIRROR", "").split(os.pathsep)[0]
    if not folder:
        pytest.skip("GNNLAB_MIRROR names no folder with the real files")
    return Path(folder)
