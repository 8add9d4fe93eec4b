"""Foreign encoders, called with tensors as PyG's models are, wrapped to read a graph."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import Foreign, told

if TYPE_CHECKING:
    from torch_geometric.data import Data

OTHER_NAMES = {"adj": "edge_index", "adj_t": "edge_index", "graph": "edge_index"}
"""What arguments are called beside the keys of a graph."""
Parameters = dict[str, inspect.Parameter]


def adapted(encoder: nn.Module) -> nn.Module:
    """Return an encoder of a graph: the module itself, or one that hands it the graph's tensors.

    A module whose ``forward`` begins with ``x``, as PyG's models and convolutions do, gets what its
    arguments name: ``data.x``, ``data.edge_index``, and ``edge_weight``, ``edge_attr``, ``batch``
    and other keys where the graph has them.

    Raises:
        ValueError: a ``forward`` that asks for neither a graph nor ``x``.
    """
    asked = _arguments(encoder)
    first = next(iter(asked.values()), None)
    if first is None or "Data" in str(first.annotation):
        return encoder
    if first.name == "x":
        return _made(encoder)
    needed = [name for name, one in asked.items() if one.default is one.empty]
    if len(needed) > 1 or first.annotation in (Tensor, "Tensor", "torch.Tensor"):
        raise ValueError(
            f"{type(encoder).__name__}.forward asks for {', '.join(needed)}, but an encoder takes "
            "data, or x and what else it names of a graph, such as edge_index: wrap it in a module "
            "with such a forward"
        )
    return encoder


def _arguments(module: nn.Module) -> Parameters:
    """Name what ``forward`` asks for; nothing where it does not say."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        found = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):  # code that is not Python's
        return {}
    return {name: one for name, one in found.items() if one.kind in kinds}


class FromTensors(Encoder):
    """A module that reads tensors, called with a graph; see :func:`adapted`.

    Shapes:
        data.x (N, F), data.edge_index (2, E) -> what the module returns
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module, self.asked = module, _arguments(module)
        for name, value in told(module).items():
            setattr(self, name, value)
        if not _predicts(module):
            self.out_channels = None

    def forward(self, data: Data) -> Tensor:
        given = {}
        for name, one in self.asked.items():
            value = self._read(name, data)
            if value is not None:
                given[name] = value
            elif one.default is one.empty:
                raise ValueError(
                    f"{type(self).__name__}.forward asks for {name}, but the graph has no such "
                    f"key: set data.{name}, or take an encoder that does not read it"
                )
        found: Any = self.module(**given)
        if not isinstance(found, Tensor):
            raise ValueError(
                f"{type(self).__name__} returned a {type(found).__name__}, but an encoder returns "
                "one tensor, a row a node: wrap it in a module that does"
            )
        return found

    def transform(self, data: Data) -> Data:
        return Foreign(self.module).transform(data)

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        return Foreign(self.module).transform_many(graphs)

    def transforms(self) -> bool:
        return Foreign(self.module).transforms()

    def _read(self, name: str, data: Data) -> Any:
        # PyG's models take weights and attributes also where their layers do not read them.
        if not getattr(self.module, f"supports_{name}", True):
            return None
        value = data.to_dict().get(OTHER_NAMES.get(name, name))
        if name == "batch" and value is None:
            return data.x.new_zeros(len(data.x), dtype=torch.int64)
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.module,), {"training": self.training}


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
