"""Math renderer: TeX as MathML, which browsers draw by themselves, without a script and offline."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

SAME = {r"\lVert": r"\|", r"\rVert": r"\|", r"\Vert": r"\|", r"\arg": r"\operatorname{arg}"}
"""Commands that the converter does not know, in words that it knows."""


def mathml(tex: str, display: str) -> str:
    """Convert TeX to MathML.

    Raises:
        ValueError: a command that is not known.
    """
    for known, other in SAME.items():
        tex = re.sub(re.escape(known) + r"(?![a-zA-Z])", other.replace("\\", r"\\"), tex)
    made: str = convert(tex, display=display)
    left = re.findall(r"\\[a-zA-Z]+", made)
    if left:
        raise ValueError(f"{left[0]} is no known command of TeX")
    return made


def _write(translator: Any, node: Any, display: str) -> None:
    try:
        made = mathml(node.astext(), display)
    except Exception as error:  # of any kind the converter has
        logging.getLogger(__name__).warning("math cannot be drawn: %s", error, location=node)
        made = f"<code>{translator.encode(node.astext())}</code>"
    translator.body.append(f'<div class="math">{made}</div>' if display == "block" else made)
    raise nodes.SkipNode


def _inline(translator: Any, node: Any) -> None:
    _write(translator, node, "inline")


def _block(translator: Any, node: Any) -> None:
    _write(translator, node, "block")


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the renderer to Sphinx as ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
