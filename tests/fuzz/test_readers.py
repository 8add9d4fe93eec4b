"""Damaged files of every format: loaded, or refused in one sentence that says what to do."""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # where the children look too

import children
from twins import TWINS

from gnnlab.datasets import readers
from gnnlab.datasets.catalogue.records import records

SECONDS, MEMORY = 30, 1 << 30
"""A case takes some hundredths of a second where nothing else runs."""
EACH = 4
"""Cases of every format in a fast run."""


def test_every_reader_has_a_twin() -> None:
    modules = [
        found.name for found in pkgutil.walk_packages(readers.__path__, readers.__name__ + ".")
    ]
    of_files = {name.rpartition(".")[2] for name in modules if hasattr(import_module(name), "read")}
    assert {record.reader for record in records()} <= of_files
    assert of_files <= {name.partition(" ")[0] for name in TWINS}


def test_twins_are_read_and_damage_is_told_in_one_sentence() -> None:
    cases = range(-len(TWINS), EACH * len(TWINS))
    whole, damaged = [], []
    for outcome in children.run("reading_cases:of_twins", cases, SECONDS, MEMORY):
        (whole if outcome.case < 0 else damaged).append(outcome)
    assert not [outcome for outcome in whole if outcome.kind != "answered"]
    assert not children.bad(damaged)
    assert {outcome.kind for outcome in damaged} == {"answered", "refused"}


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(0, 30000, 5000))
def test_much_damage_is_told_in_one_sentence(start: int) -> None:
    first = 10**6 + start  # none of those above
    found = children.run("reading_cases:of_twins", range(first, first + 5000), SECONDS, MEMORY)
    assert not children.bad(found)


@pytest.mark.nightly
def test_damage_to_real_files_is_told_in_one_sentence() -> None:
    if not os.environ.get("GNNLAB_MIRROR"):
        pytest.skip("GNNLAB_MIRROR names no folder with the real files")
    found = children.run("reading_cases:of_real_files", range(3000), SECONDS, 2 << 30)
    assert not children.bad(found)
