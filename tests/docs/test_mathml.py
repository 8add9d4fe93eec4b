"""Formulas become MathML; one that cannot be drawn is told and not passed on."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def mathml(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The converter."""
    monkeypatch.syspath_prepend(DOCS)
    return import_module("_generate.mathml").mathml


@pytest.mark.parametrize(
    ("tex", "holds"),
    [
        (r"\arg\min_{i} x_i", "<mo>arg</mo>"),
        (r"\lVert x \rVert", "&#x02016;"),
        (r"[W \Vert x]", "&#x02016;"),
        (r"\frac{1}{2} \sum_k s_k", "<mfrac>"),
    ],
)
def test_commands_become_elements(tex: str, holds: str, mathml: Any) -> None:
    made = mathml(tex, "block")
    assert holds in made and "\\" not in made and 'display="block"' in made


def test_an_unknown_command_is_refused(mathml: Any) -> None:
    with pytest.raises(ValueError, match=r"\\nosuch is no known command"):
        mathml(r"x = \nosuch y", "inline")
