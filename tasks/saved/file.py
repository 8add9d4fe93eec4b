"""File of a saved model: what model.json holds, written and read with its checks."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import msgspec
import torch

from gnnlab._version import __version__

FORMAT = 1
"""Of the folder; a newer one is refused."""
WEIGHTS, SETTINGS, CARD = "model.safetensors", "model.json", "README.md"
LARGEST = 1 << 26
"""Bytes of settings: more than any model has, and no more than is soon read."""


class Scores(msgspec.Struct):
    """What the model came to."""

    metric: str
    valid: float | None
    test: float | None
    epoch: int
    parameters: int
    others: dict[str, float] = {}


class Inputs(msgspec.Struct):
    """See :class:`gnnlab.tasks.saved.origin.Inputs`."""

    name: str
    fingerprint: str
    features: int
    edge_features: int | None
    sparse: bool
    keys: list[str]
    nodes: int
    nodes_hash: str


class Saved(msgspec.Struct):
    """A saved model, its weights aside.

    Args:
        format: of the folder.
        versions: of gnnlab, torch and Python that wrote it.
        encoder, model: how they are built, see :mod:`gnnlab.tasks.saved.spelling`.
        frozen: parameters that are not trained.
        task, training, before: spelled settings.
        run: settings of the run that it is of, if any.
        weights: the fingerprint of the file beside it.
    """

    format: int
    versions: dict[str, str]
    encoder: dict[str, Any]
    model: dict[str, Any]
    frozen: list[str]
    autocast: str | None
    task: Any
    training: Any
    before: Any
    split: int
    seed: int
    kind: str
    names: list[str]
    inputs: Inputs
    scores: Scores
    weights: str
    run: dict[str, Any] = {}


def versions() -> dict[str, str]:
    """Of what writes a model."""
    return {
        "gnnlab": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def encoded(saved: Saved) -> bytes:
    """Return the settings as JSON."""
    return msgspec.json.format(msgspec.json.encode(saved), indent=1) + b"\n"


def read_saved(path: Path) -> Saved:
    """Return what a ``model.json`` holds.

    Raises:
        ValueError: no such file, one that is cut or of a newer format, or what we do not write.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path} has more than {LARGEST:,} bytes, which no model.json has")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error})") from error
    try:
        told = msgspec.json.decode(content)
        number = told.get("format") if isinstance(told, dict) else None
        if isinstance(number, int) and number > FORMAT:
            by = told.get("versions", {}).get("gnnlab", "a newer gnnlab")
            raise ValueError(
                f"{path} is of format {number}, which gnnlab {by} wrote, and {__version__} reads "
                f"up to {FORMAT}: install that version or a newer one"
            )
        return msgspec.json.decode(content, type=Saved)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, AttributeError) as error:
        raise ValueError(f"{path} is no whole model.json ({error}): copy it again") from error
