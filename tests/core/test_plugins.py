"""Plugins: what an installed package offers by entry points is listed and found like our own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import own_parts_module
import pytest

from gnnlab import datasets, layers, rewiring
from gnnlab.cli import main
from gnnlab.tasks.metrics.by_name import find, sign

POINTS = """
[gnnlab.models]
plugged-net = plugged_parts:Net
broken-net = plugged_parts:Nothing

[gnnlab.datasets]
plugged-ring = plugged_parts:ring

[gnnlab.rewirings]
plugged-chord = plugged_parts:Chord

[gnnlab.metrics]
plugged-error = plugged_parts:share_wrong
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    own_parts_module.write(tmp_path, "plugged_parts")
    about = tmp_path / "plugged-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("plugged_parts", None)


def test_names_are_listed_without_an_import(
    installed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "plugged-net" in layers.encoders.names() and "plugged-net" not in layers.encoders()
    assert layers.encoders.group_of("plugged-net") == "plugged"
    assert {"plugged-ring"} <= set(datasets.names())
    assert main(["list", "models"]) == 0 and main(["list", "datasets"]) == 0
    assert main(["list", "rewirings", "--filter", "package=plugged", "--json"]) == 0
    out = capsys.readouterr().out
    assert "  plugged\n    broken-net\n    plugged-net\n" in out and "\n  plugged-ring\n" in out
    assert json.loads(out.splitlines()[-1])["about"] == "plugged_parts:Chord"
    assert "plugged_parts" not in sys.modules


def test_they_are_found_however_they_are_written(installed: None) -> None:
    assert layers.find("Plugged_Net").__name__ == "Net"
    assert rewiring.find("plugged_chord").__name__ == "Chord"
    assert datasets.load("plugged-ring", nodes=9).num_nodes == 9  # type: ignore[union-attr]
    assert sign("plugged-error") == -1 and find("plugged-error", "classes")
    with pytest.raises(ValueError, match="unknown model 'plugged-nat'; did you mean plugged-net"):
        layers.find("plugged-nat")
    with pytest.raises(ValueError, match="broken-net of the package plugged cannot be imported"):
        layers.find("broken-net")


def test_a_run_keeps_their_names(installed: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "--data", "plugged-ring", "--model", "plugged-net", "--rewiring"]
    words += ["plugged-chord", "--set", "task.metric=plugged-error", "--set", "training.epochs=2"]
    assert main([*words, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    kinds = ("data", "model", "rewiring", "metric")
    assert [row[kind] for kind in kinds] == [
        *("plugged-ring", "plugged-net", "plugged-chord", "plugged-error"),
    ]
    text = (Path(row["run"]) / "run.toml").read_text()
    assert '"plugged_parts:Net" = ' in text and '"plugged_parts:share_wrong" = ' in text
