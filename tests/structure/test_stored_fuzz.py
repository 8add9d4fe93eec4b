"""Random edits of what is stored are answered rightly or refused in one sentence."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"


def children() -> ModuleType:
    spec = importlib.util.spec_from_file_location("children", FUZZ / "children.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules.setdefault("children", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


def _check(target: str, cases: range) -> None:
    module = children()
    found = module.run(f"stored_cases_fuzz:{target}", cases, seconds=60)
    assert not module.bad(found), module.bad(found)[:5]
    counts = module.counts(found)
    assert counts["refused"] > len(cases) // 4 and counts["answered"] > 0, counts


@pytest.mark.parametrize("target", ["of_stored", "of_changes"])
def test_a_few_edits(target: str) -> None:
    _check(target, range(40))


@pytest.mark.nightly
@pytest.mark.parametrize("target", ["of_stored", "of_changes"])
def test_a_few_hundred_edits(target: str) -> None:
    _check(target, range(40, 150))


@pytest.mark.nightly
@pytest.mark.parametrize("target", ["of_stored", "of_changes"])
def test_thousands_of_edits(target: str) -> None:
    _check(target, range(1_000, 6_000))
