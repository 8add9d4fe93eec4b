"""Hidden states of an encoder, layer by layer."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.data import check
from gnnlab.core.settings import checked

if TYPE_CHECKING:
    from torch_geometric.data import Data


@checked
def hidden_states(encoder: nn.Module, data: Data) -> list[Tensor]:
    """Run an encoder and return what each of its layers gives, and its own output last.

    A layer is an element of a ``ModuleList`` of the encoder (of the outermost one where they are
    nested) that gives a row for every node. A copy is run in eval mode without gradients; the
    states are what the layer itself returns, before what the encoder puts behind it.

    Args:
        encoder: returns (N, H) for ``data``.
        data: the graph; left as it is.

    Shapes:
        states (N, ...) in the order in which they arise

    Raises:
        ValueError: the encoder has no such layer.
    """
    check(data)
    model = deepcopy(encoder).eval()
    found: list[Tensor] = []

    def keep(module: nn.Module, arguments: Any, output: Any) -> None:
        output = output[0] if isinstance(output, tuple) else output  # nodes first, then edges
        if isinstance(output, Tensor) and output.dim() > 1 and len(output) == data.num_nodes:
            found.append(output.detach())

    for layer in _layers(model):
        layer.register_forward_hook(keep)
    with torch.no_grad():
        last = model(data)
    if not found:
        raise ValueError(
            f"{type(encoder).__name__} has no layers in a ModuleList that return a row for each "
            "node: measure its output at several depths with gnnlab.analysis.by_depth"
        )
    return [*found, last]


def _layers(module: nn.Module) -> list[nn.Module]:
    """The elements of the outermost module lists."""
    found: list[nn.Module] = []
    for child in module.children():
        found += list(child) if isinstance(child, nn.ModuleList) else _layers(child)
    return found
