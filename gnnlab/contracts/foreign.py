"""Foreign encoders: modules of other libraries, with the declarations that our encoders have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder

if TYPE_CHECKING:
    from torch_geometric.data import Data

TOLD = (
    *("level", "in_channels", "hidden_channels", "out_channels", "predicts", "reads_codes"),
    *("reads_features", "maskable", "transductive", "stochastic_encoding", "order_dependent"),
)
"""What a module may say of itself by an attribute of that name."""


def told(module: nn.Module) -> dict[str, Any]:
    """What a module says of itself by attributes, None aside."""
    found = {name: getattr(module, name, None) for name in TOLD}
    return {name: value for name, value in found.items() if value is not None}


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
