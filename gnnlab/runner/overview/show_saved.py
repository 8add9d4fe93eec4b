"""Showing of a saved model: its card, and the command that predicts with it."""

from __future__ import annotations

import shlex
from pathlib import Path

SAVED, CARD = "model.json", "README.md"
"""Files of a saved model's folder."""


def show_saved(folder: Path) -> str:
    """The card that was written with the model, and how to use it. Nothing of it is run.

    Raises:
        ValueError: the card is no text.
    """
    try:
        card = (folder / CARD).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{folder / CARD} cannot be read ({error}): save the model again"
        ) from error
    words = shlex.join(["gnnlab", "predict", str(folder), "DATA", "--out", "FILE"])
    return f"saved model {folder}\n\n{card}\n\npredict with it\n  {words}"
