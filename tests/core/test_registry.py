"""Families of methods: read off a package's face, found by name, grouped by sub-package."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from gnnlab import layers, rewiring
from gnnlab.core.registry import Family
from gnnlab.structure.transforms.listing import encodings
from gnnlab.tasks.link.heads.by_name import heads
from gnnlab.tasks.shared.listed import listed_tasks


class Alpha:
    short = "a"


class BetaNet:
    short = "alpha"  # the name of another one, and so no name of this


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Family[type]:
    face = ModuleType("toys")
    face.__all__ = ["Alpha", "BetaNet", "number"]  # type: ignore[attr-defined]
    face.Alpha, face.BetaNet, face.number = Alpha, BetaNet, 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toys", face)
    return Family("toy", "toys", lambda cls: True, short=lambda cls: str(cls.short))


def test_a_family_is_what_the_face_exports(toys: Family[type]) -> None:
    assert toys() == {"Alpha": Alpha, "BetaNet": BetaNet}
    face = sys.modules["toys"]
    face.__all__ = [*face.__all__, "Third"]  # type: ignore[attr-defined]
    face.Third = type("Third", (), {"short": None})  # type: ignore[attr-defined]
    assert toys.names() == ["Alpha", "BetaNet", "Third"]


def test_a_method_is_found_however_it_is_written(toys: Family[type]) -> None:
    assert toys.find("beta-net") is toys.find("BETA_NET") is BetaNet
    assert toys.find("a") is Alpha and toys.find("alpha") is Alpha
    with pytest.raises(ValueError, match="unknown toy 'betanot'; did you mean BetaNet?"):
        toys.find("betanot")
    with pytest.raises(ValueError, match="unknown toy 'q'; there are "):
        toys.find("q")


def test_groups_are_the_sub_packages() -> None:
    assert layers.encoders.group_of("GATSep") == "attention"
    groups = layers.encoders.groups()
    assert sorted(name for names in groups.values() for name in names) == sorted(layers.encoders())
    assert "GCN" in groups["convolutional"] and list(groups) == sorted(groups)
    assert rewiring.rewirings.group_of("FoSR") == "spectral"


def test_every_family_has_its_methods() -> None:
    assert {"node", "link", "graph"} <= set(listed_tasks())
    assert encodings.names() == ["laplacian", "random_walk"]
    assert heads.find("cn").__name__ == "CommonNeighbors" and "NCN" in heads()
    assert "GCNConv" in layers.convs() and "GCN" not in layers.convs()
