"""Foreign encoders, called with tensors as PyG's models are, wrapped to read a graph."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import Foreign, asked_of, declared, tensors_of, told

if TYPE_CHECKING:
    from torch_geometric.data import Data

FEW = 3
"""Graphs of a set that a module's width is read from."""


def adapted(encoder: nn.Module) -> nn.Module:
    """Return an encoder of a graph: the module itself, or one that hands it the graph's tensors.

    A module whose ``forward`` begins with ``x``, as PyG's models and convolutions do, gets what its
    arguments name: ``data.x``, ``data.edge_index``, and ``edge_weight``, ``edge_attr``, ``batch``
    and other keys where the graph has them.

    Raises:
        ValueError: a ``forward`` that asks for neither a graph nor ``x``.
    """
    return encoder if asked_of(encoder) is None else _made(encoder)


class FromTensors(Encoder):
    """A module that reads tensors, called with a graph; see :func:`adapted`.

    Shapes:
        data.x (N, F), data.edge_index (2, E) -> what the module returns
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module, self.asked = module, asked_of(module) or {}
        for name, value in told(module).items():
            setattr(self, name, value)
        if not _predicts(module):
            self.out_channels = None

    def forward(self, data: Data) -> Tensor:
        name = type(self).__name__
        found: Any = self.module(**tensors_of(self.module, self.asked, data, name))
        if not isinstance(found, Tensor):
            raise ValueError(
                f"{name} returned a {type(found).__name__}, but an encoder returns one tensor, a "
                "row a node: wrap it in a module that does"
            )
        return found

    def transform(self, data: Data) -> Data:
        return Foreign(self.module).transform(data)

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        return Foreign(self.module).transform_many(graphs)

    def transforms(self) -> bool:
        return Foreign(self.module).transforms()

    def __reduce__(self) -> tuple[Any, ...]:
        kept = ("training", "level", "hidden_channels", "out_channels")
        return _made, (self.module,), {name: getattr(self, name) for name in kept}


def measured(encoder: nn.Module, problem: Any, data: Any) -> nn.Module:
    """Return the encoder with its width and level as one pass over the data shows them, where it is
    a module of another library that does not say.

    Rows as wide as what is predicted are predictions, any others states, for a head on top. As many
    rows as there are graphs are a graph's each.

    Args:
        encoder: a copy that nobody else holds.
        problem: what it is trained on.
        data: a graph, or a sequence of them.
    """
    own = declared(encoder)
    if isinstance(encoder, Encoder) and not isinstance(encoder, FromTensors):
        return encoder
    told_width = any(isinstance(n, int) for n in (own.hidden_channels, own.out_channels))
    if told_width and not isinstance(encoder, FromTensors):
        return encoder
    graph = _few(encoder, data)
    if isinstance(encoder, FromTensors):  # refused now, and not in the first step
        tensors_of(encoder.module, encoder.asked, graph, type(encoder).__name__)
    if told_width:
        return encoder
    with torch.no_grad():
        found: Any = deepcopy(encoder).cpu().eval()(copy(graph).cpu())
    if not isinstance(found, Tensor) or found.dim() != 2:
        return encoder  # which the first step refuses
    made: Any = encoder
    if len(found) == getattr(graph, "num_graphs", 0) != graph.num_nodes:
        made.level = "graph"
    made.out_channels = found.shape[1]
    if not _are_predictions(made, problem):
        made.out_channels, made.hidden_channels = None, found.shape[1]
    measured_encoder: nn.Module = made
    return measured_encoder


def _few(encoder: nn.Module, data: Any) -> Any:
    """The graph, or a batch of the first few, as the encoder's ``transform`` leaves them."""
    from torch_geometric.data import Batch, Data

    graphs = [data] if isinstance(data, Data) else list(data[:FEW])
    own = declared(encoder)
    if own.transforms():
        graphs = own.transform_many(list(map(copy, graphs)))
    return graphs[0] if isinstance(data, Data) else Batch.from_data_list(graphs)


def _are_predictions(encoder: nn.Module, problem: Any) -> bool:
    target = getattr(problem, "target", None)
    if target is None:
        return False
    try:
        target.outputs(encoder, "data")
    except ValueError:
        return False
    return True


def _made(module: nn.Module) -> FromTensors:
    """Wrap a module under its own name, by which messages call it."""
    made: FromTensors = type(type(module).__name__, (FromTensors,), {})(module)
    return made


def _predicts(module: nn.Module) -> bool:
    """Whether ``out_channels`` was asked for: PyG's models fill it in with the hidden width."""
    own = Foreign(module)
    if own.out_channels != own.hidden_channels:
        return True
    return bool(getattr(module, "_is_conv_to_out", not _is_basic(module)))


def _is_basic(module: nn.Module) -> bool:
    from torch_geometric.nn.models.basic_gnn import BasicGNN

    return isinstance(module, BasicGNN)
