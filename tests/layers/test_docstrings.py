"""Every exported layer says its shapes and where it comes from."""

from __future__ import annotations

import inspect

import pytest

from gnnlab import layers
from gnnlab.runner.reports.cite import source


@pytest.mark.parametrize("name", sorted({**layers.convs(), **layers.encoders()}))
def test_gives_formula_shapes_and_a_source_with_a_link(name: str) -> None:
    cls = getattr(layers, name)
    text = inspect.getdoc(cls) or ""
    assert "Shapes:" in text and (".. math::" in text or ":math:" in text)
    assert "https://" in " ".join(source(cls))
    if inspect.signature(cls).parameters:
        assert "Raises:" in text
