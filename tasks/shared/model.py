"""Model of a task: an encoder with the readout and the head that the task puts on it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.built import Remembering
from gnnlab.contracts.described import described
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown
from gnnlab.tasks.shared.head import Head
from gnnlab.tasks.targets.units import Units
from gnnlab.tasks.training.settings import Autocast

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Model(Remembering):
    """An encoder and, where the encoder does not predict by itself, a head on top of it.

    An encoder built with ``out_channels`` predicts by itself and gets no head. The head computes
    in the parameters' own precision also under autocast: logits in bfloat16 would tie in their
    thousands and blur every ranking metric. An encoder whose training has a loss of its own has a
    method ``with_loss(data) -> (rows, loss or None)``, which training calls in place of
    ``forward``.

    Args:
        encoder: a module that maps ``data`` to (N, H), or to (N, outputs) with ``out_channels``.
        outputs: logits a row: the number of classes, or 1 for two classes.
        readout: maps the encoder's rows, one a node, and the batch to one row a graph, before the
            head; its ``width(H)`` says how wide that is; None leaves the rows as they are.
        head: a Linear, or more of them.
        units: what puts predictions into the targets' units, where the loss is taken in others.

    Attributes:
        autocast: ``"bf16"`` lets the encoder compute in bfloat16 wherever the model is called, as
            it did when it was trained and judged; None leaves that to the caller.

    Shapes:
        data with N nodes -> (N, outputs), or of B graphs -> (B, outputs); a list of graphs is read
        as one batch, and a graph alone as a batch of one where graphs are predicted

    Raises:
        ValueError: the encoder does not say how wide it is, or has another width than the task.
    """

    def __init__(
        self,
        encoder: nn.Module,
        outputs: int,
        readout: Any = None,
        head: Head | None = None,
        units: Units | None = None,
    ) -> None:
        super().__init__()
        self.autocast: Autocast | None = None
        self.encoder = encoder
        self.outputs = outputs
        self.readout = readout
        own = declared(encoder).out_channels
        self.head: nn.Module | None = None
        self.width = outputs
        if own is None:
            self.width = hidden_width(encoder)
            wide = self.width if readout is None else readout.width(self.width)
            self.head = (head or Head()).make(wide, outputs, parameter_type(encoder))
        self.units = units

    def forward(self, data: Data | Sequence[Data]) -> Tensor:
        graphs = self.readout is not None or declared(self.encoder).level == "graph"
        found = self.predictions(as_batch(data, graphs))
        return found if self.units is None else self.units(found)

    def predictions(self, data: Data) -> Tensor:
        """Logits, or numbers in the units of the loss, which ``forward`` puts into the targets'."""
        with computing(self.autocast, data.x.device):
            return self._predictions(self.encoder(data), data)

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """Return the predictions, and what the encoder adds to the loss of a step, if anything."""
        h, loss = declared(self.encoder).with_loss(data)
        return self._predictions(h, data), loss

    def _predictions(self, h: Tensor, data: Data) -> Tensor:
        self._check_shape(h, data)
        if self.readout is not None:
            h = self.readout(h, data)
        if self.head is None:
            return h if h.dtype == torch.float64 else h.float()
        with torch.autocast(h.device.type, enabled=False):
            logits: Tensor = self.head(h.to(next(self.head.parameters()).dtype))
        return logits

    def _check_shape(self, h: Tensor, data: Data) -> None:
        graphs = declared(self.encoder).level == "graph"
        rows = data.num_graphs if graphs else data.x.shape[0]
        if h.shape != (rows, self.width):
            name = type(self.encoder).__name__
            raise ValueError(
                f"{name} returned {tuple(h.shape)} for a graph of {data.x.shape[0]} nodes, but "
                f"({rows}, {self.width}) was expected: check its "
                f"{'out_channels' if self.head is None else 'hidden_channels'} and its level"
            )


def predictor(encoder: nn.Module, outputs: int, keep: bool) -> nn.Module:
    """Return the encoder that predicts by itself, where it says why it ``predicts``.

    One that was not told how many numbers is built anew by its ``with_outputs``, of the same
    precision, and what is frozen in it stays so; any other encoder is returned as it is.

    Args:
        outputs: how many numbers a row.
        keep: whether the weights are to be kept: then nothing is built, and a warning says so.
    """
    own = declared(encoder)
    if own.predicts is None or own.out_channels is not None:
        return encoder
    built = None if keep else own.with_outputs(outputs)
    if built is None:
        warn_of_head(encoder, outputs)
        return encoder
    made = built.to(dtype=parameter_type(encoder) or torch.float32)
    frozen = {name for name, p in encoder.named_parameters() if not p.requires_grad}
    for name, parameter in made.named_parameters():
        parameter.requires_grad_(name not in frozen)
    return made


def warn_of_head(encoder: nn.Module, outputs: int) -> None:
    """Warn that a head is put on an encoder that should predict by itself."""
    name = type(encoder).__name__
    warnings.warn(
        f"{name} {declared(encoder).predicts or ''}, but it was built without out_channels and is "
        f"kept as it is, so a head on top makes it another model: build it as "
        f"{name}(..., out_channels={outputs})",
        stacklevel=6,
    )


def computing(autocast: Autocast | None, device: torch.device) -> AbstractContextManager[object]:
    """The precision that a model was trained in, to call it in; the caller's where it was full."""
    return torch.autocast(device.type, torch.bfloat16) if autocast == "bf16" else nullcontext()


def as_batch(data: Any, graphs: bool) -> Any:
    """Return what a model reads of what a user hands it: graphs together, in one batch.

    Args:
        graphs: whether whole graphs are predicted, so that one alone is a batch of one.

    Raises:
        ValueError: what is no graph and no sequence of graphs.
    """
    from torch_geometric.data import Batch, Data

    if isinstance(data, Batch) or (isinstance(data, Data) and not graphs):
        return data
    found = [data] if isinstance(data, Data) else data
    if not isinstance(found, Sequence) or not found or not isinstance(found[0], Data):
        raise ValueError(
            f"the model was called with {described(data)}, but it reads a graph, a "
            "torch_geometric.data.Data, or a list of them"
        )
    batch: Any = Batch.from_data_list(list(found))
    return batch


def hidden_width(encoder: nn.Module) -> int:
    """Return how wide the states of an encoder are.

    Raises:
        ValueError: it does not say so.
    """
    hidden = declared(encoder).hidden_channels
    if not isinstance(hidden, int):
        raise ValueError(
            f"{type(encoder).__name__}.hidden_channels is {shown(hidden)}, so the task cannot put "
            "a head on it: set hidden_channels to the width it returns, or out_channels if it "
            "predicts by itself"
        )
    return hidden


def parameter_type(encoder: nn.Module) -> torch.dtype | None:
    """Return the precision of the encoder's parameters, None if it has none."""
    types = [p.dtype for p in encoder.parameters() if p.is_floating_point()]
    return types[0] if types else None
