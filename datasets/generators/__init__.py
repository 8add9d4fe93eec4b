"""Graphs made from a seed, with no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .csbm import csbm
from .karate import karate
from .minesweeper import minesweeper
from .rmat import rmat

GENERATORS: dict[str, Callable[..., Any]] = {
    "csbm": csbm,
    "karate": karate,
    "minesweeper-generated": minesweeper,
    "rmat": rmat,
}

__all__ = ["GENERATORS", "csbm", "karate", "minesweeper", "rmat"]
