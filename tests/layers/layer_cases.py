"""Cases of layers: how each exported one is built, as the layers' own tests say it.

A case is called with a number of nodes and reads graphs of :func:`strategies.graphs`: features of 3
columns, edges of 3 types.
"""

from __future__ import annotations

import pytest
import torch
from gathered import gathered
from torch import nn

from gnnlab import layers

CASES = gathered("layers")
ALL = sorted(CASES)
CONVS = [name for name in ALL if name.split()[0] in layers.convs()]
ENCODERS = [name for name in ALL if name.split()[0] in layers.encoders()]
every_layer = pytest.mark.parametrize("name", ALL)
one_of_each = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.nightly) if " " in name else name for name in ALL]
)
"""A case of each layer in ``make test``; variants, named by a word more, in ``make nightly``."""


def build(name: str, nodes: int) -> nn.Module:
    """A case in float64 and eval mode, its weights from a fixed seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer: nn.Module = CASES[name](nodes)
    return layer.double().eval()
