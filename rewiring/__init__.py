"""Rewirings: graph -> graph before training."""

from __future__ import annotations

if __name__ != "gnnlab.rewiring":
    raise ImportError(
        "import gnnlab.rewiring, not rewiring: the folder is a room of the gnnlab package"
    )

__all__: list[str] = []
