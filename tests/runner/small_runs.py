"""Settings of a run that takes no time."""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, Any] = {
    "task": {"name": "node", "metric": "accuracy"},
    "data": {"name": "csbm", "seed": 1, "nodes": 60},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 2},
}
