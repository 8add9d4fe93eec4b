"""Paths of gnnlab's cache: files that it can make or fetch again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_home() -> Path:
    """Give the writable cache, ``$GNNLAB_HOME`` or ``~/.cache/gnnlab``."""
    return Path(os.environ.get("GNNLAB_HOME") or Path.home() / ".cache" / "gnnlab").expanduser()
