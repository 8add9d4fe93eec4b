"""Foreign encoders: modules of other libraries, with the declarations that our encoders have.

What such a module asks of a graph is read here, once, from the signature of its ``forward``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder

if TYPE_CHECKING:
    from torch_geometric.data import Data

TOLD = (
    *("level", "in_channels", "hidden_channels", "out_channels", "predicts", "reads_codes"),
    *("reads_features", "maskable", "transductive", "stochastic_encoding", "order_dependent"),
    "completes_frames",
)
"""What a module may say of itself by an attribute of that name."""


def told(module: nn.Module) -> dict[str, Any]:
    """What a module says of itself by attributes, None aside."""
    found = {name: getattr(module, name, None) for name in TOLD}
    return {name: value for name, value in found.items() if value is not None}


def told_by_class(make: Any) -> dict[str, Any]:
    """What a class says of the modules that it makes; the defaults where it, or a function, says
    nothing."""
    names = ("later", "from_graph", "reads_codes", "reads_features")
    return {name: getattr(make, name, getattr(Encoder, name)) for name in names}


class Foreign:
    """What a module that is no :class:`Encoder` declares: its attributes, else the defaults."""

    level: str
    in_channels: Any
    hidden_channels: int | None
    out_channels: int | None
    predicts: str | None
    reads_codes: str | None
    reads_features: bool
    maskable: bool | None
    transductive: str | None
    stochastic_encoding: str | None
    order_dependent: str | None
    completes_frames: str | None

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        for name in TOLD:
            setattr(self, name, getattr(Encoder, name))
        for name, value in told(module).items():
            setattr(self, name, value)

    def transforms(self) -> bool:
        """Whether the module has a ``transform``; one that is a layer is none."""
        return self._own("transform") is not None

    def transform(self, data: Data) -> Data:
        """Return the graph as the module's ``transform`` does, if it has one."""
        own = self._own("transform")
        found: Data = data if own is None else own(data)
        return found

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return many graphs so."""
        own = self._own("transform_many")
        return [self.transform(copy(data)) for data in graphs] if own is None else list(own(graphs))

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """Return what the module gives, and what it adds to the loss of a step, if anything."""
        own = self._own("with_loss")
        if own is None:
            return self.module(data), None
        found, loss = own(data)
        return found, loss

    def with_outputs(self, out_channels: int) -> nn.Module | None:
        """Return the module built anew to predict, where it can be."""
        own = self._own("with_outputs")
        found: nn.Module | None = None if own is None else own(out_channels)
        return found

    def _own(self, name: str) -> Callable[..., Any] | None:
        found = getattr(self.module, name, None)
        return found if callable(found) and not isinstance(found, nn.Module) else None


def declared(module: nn.Module) -> Encoder | Foreign:
    """What a module declares: an encoder of ours itself, any other one as it is read here.

    Example:
        >>> declared(nn.Linear(2, 3)).level, declared(nn.Linear(2, 3)).out_channels
        ('node', None)
    """
    return module if isinstance(module, Encoder) else Foreign(module)


OTHER_NAMES = {"adj": "edge_index", "adj_t": "edge_index", "graph": "edge_index"}
"""What arguments are called beside the keys of a graph."""
NOT_GIVEN = ("train_mask", "val_mask", "test_mask", "y", "link_split", "ptr")
"""Keys that an encoder is not offered."""
Asked = Mapping[str, bool]
"""The arguments of a ``forward`` that takes tensors, and whether it cannot do without each."""


def asked_of(module: nn.Module) -> Asked | None:
    """Return what a module's ``forward`` asks for by name; None where it takes a graph.

    A ``forward`` that begins with ``x`` takes tensors, as PyG's models, convolutions and
    ``Sequential`` do.

    Raises:
        ValueError: one that asks for neither a graph nor ``x``.

    Example:
        >>> from torch_geometric.nn import GINConv
        >>> asked_of(GINConv(nn.Linear(2, 3)))
        {'x': True, 'edge_index': True, 'size': False}
    """
    asked = _arguments(module)
    first = next(iter(asked.values()), None)
    if first is None or "Data" in str(first.annotation):
        return None
    needed = {name: one.default is one.empty for name, one in asked.items()}
    if first.name == "x":
        return needed
    alone = [name for name, must in needed.items() if must]
    if len(alone) > 1 or first.annotation in (Tensor, "Tensor", "torch.Tensor"):
        raise ValueError(
            f"{type(module).__name__}.forward asks for {', '.join(alone)}, but an encoder takes "
            "data, or x and what else it names of a graph, such as edge_index: wrap it in a module "
            "with such a forward"
        )
    return None


def tensors_of(module: nn.Module, asked: Asked, data: Data, name: str) -> dict[str, Any]:
    """Return those arguments of a ``forward`` that a graph has.

    Args:
        name: of the module, for the message.

    Raises:
        ValueError: one that it cannot do without is not there; what can be given is told.
    """
    found = {key: _read(module, key, data) for key in asked}
    given = {key: value for key, value in found.items() if value is not None}
    for key, must in asked.items():
        if must and key not in given:
            known = [one for one in data.to_dict() if one not in NOT_GIVEN]
            raise ValueError(
                f"{name}.forward asks for {key}, but the graph has no such key: it has "
                f"{', '.join(dict.fromkeys([*known, 'batch']))}, so set data.{key}, or give the "
                "argument a default"
            )
    return given


def _arguments(module: nn.Module) -> dict[str, inspect.Parameter]:
    """Name what ``forward`` asks for; nothing where it does not say."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    told: Any = getattr(getattr(module, "signature", None), "param_dict", None)
    if isinstance(told, dict):  # PyG's Sequential, whose forward takes anything
        return {str(name): inspect.Parameter(str(name), kinds[0]) for name in told}
    try:
        found = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):  # code that is not Python's
        return {}
    return {name: one for name, one in found.items() if one.kind in kinds}


def _read(module: nn.Module, name: str, data: Data) -> Any:
    # PyG's models take weights and attributes also where their layers do not read them.
    if not getattr(module, f"supports_{name}", True):
        return None
    stored = data.to_dict()
    value = stored.get(OTHER_NAMES.get(name, name))
    if name == "batch" and value is None:
        x: Tensor = stored["x"]
        return x.new_zeros(len(x), dtype=torch.int64)
    return value
