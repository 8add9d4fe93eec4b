from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest
import torch

from gnnlab import ops

FOLDER = Path(ops.__file__).parent
MODULES = [
    f"{file.parent.name}.{file.stem}"
    for file in sorted([*FOLDER.glob("functions/*.py"), *FOLDER.glob("graphs/*.py")])
    if ">>>" in file.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    result = doctest.testmod(import_module(f"gnnlab.ops.{name}"), extraglobs={"torch": torch})
    assert result.attempted > 0 and result.failed == 0


def test_everything_public_is_documented() -> None:
    assert ops.__all__ == sorted(ops.__all__)
    for name in set(ops.__all__) - {"AdjacencyLike", "NeighborLists", "Relation"}:
        assert "Raises:" in (getattr(ops, name).__doc__ or ""), name
