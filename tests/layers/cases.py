"""Cases: how each exported layer is built, gathered from the ``CASES`` of the layers' own tests.

A case is named by what the package exports, and a word more where a setting makes it another layer.
It is called with a number of nodes and reads graphs of :func:`strategies.graphs`: features of 3
columns, edges of 3 types.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from gnnlab import layers

HERE = Path(__file__).parent


def loaded(path: Path) -> ModuleType:
    """A test file as a module of a name of its own."""
    spec = spec_from_file_location(f"cases_of_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for their module
    spec.loader.exec_module(module)
    return module


def gathered() -> dict[str, Callable[[int], nn.Module]]:
    """The cases of all test files, by name."""
    found: dict[str, Callable[[int], nn.Module]] = {}
    for path in sorted(HERE.rglob("test_*.py")):
        if "\nCASES = {" in path.read_text(encoding="utf-8"):
            cases = loaded(path).CASES
            assert not found.keys() & cases.keys(), f"{path} repeats {found.keys() & cases.keys()}"
            found |= cases
    return found


CASES = gathered()
ALL = sorted(CASES)
CONVS = [name for name in ALL if name.split()[0] in layers.convs()]
ENCODERS = [name for name in ALL if name.split()[0] in layers.encoders()]
every_layer = pytest.mark.parametrize("name", ALL)


def build(name: str, nodes: int) -> nn.Module:
    """A case in float64 and eval mode, its weights from a fixed seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = CASES[name](nodes)
    return layer.double().eval()
