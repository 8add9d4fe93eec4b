"""Whatever is built from settings answers wrong ones in one sentence, before anything is made."""

from __future__ import annotations

import inspect

import children
import constructors
import pytest


def _bad(cases: range) -> list[str]:
    """What neither was built nor refused in a sentence, with what was asked for."""
    found = children.bad(children.run("constructors:construct", cases, seconds=30, memory=2 << 30))
    calls = [(*constructors.call(outcome.case), outcome) for outcome in found]
    return [f"{name} {settings}: {outcome}" for name, settings, outcome in calls]


def test_a_few_hundred_wrong_settings() -> None:
    assert not _bad(range(200))


@pytest.mark.nightly
def test_thousands_of_wrong_settings() -> None:
    assert not _bad(range(200, 20_000))


def test_usual_settings_serve() -> None:
    """Else the wrong ones beside them would prove nothing."""
    for name, made in constructors.targets().items():
        settings = constructors.usual(made)
        if settings is not None and not name.startswith("generators"):
            assert made(**settings) is not None, name


def test_every_layer_rewiring_and_generator_is_tried() -> None:
    left = {
        name
        for name, made in constructors.targets().items()
        if constructors.usual(made) is None and name.split(".")[1] not in ("tasks", "rewiring")
    }
    assert not left
    assert sum(inspect.isclass(made) for made in constructors.targets().values()) > 80
