"""Cases: how methods are built for the tests of a family, gathered from the methods' own tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent


def loaded(path: Path) -> ModuleType:
    """A test file as a module of a name of its own."""
    spec = spec_from_file_location(f"cases_of_{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their module
    spec.loader.exec_module(module)
    return module


def gathered(*packages: str) -> dict[str, Callable[..., Any]]:
    """The ``CASES`` of all test files of some packages, by name.

    A case is named by what the package exports, and a word more where a setting makes it another
    method: ``"GCN"``, ``"GCN plain"``.
    """
    # The tests of a package import its helpers by name, which its conftest makes possible.
    sys.path += [str(HERE / package) for package in packages]
    found: dict[str, Callable[..., Any]] = {}
    for path in sorted(p for package in packages for p in (HERE / package).rglob("test_*.py")):
        if "\nCASES = {" in path.read_text(encoding="utf-8"):
            cases = loaded(path).CASES
            assert not found.keys() & cases.keys(), f"{path} repeats {found.keys() & cases.keys()}"
            found |= cases
    return found
