"""Link model: an encoder, and a head that scores pairs of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gnnlab.contracts.built import Remembering
from gnnlab.contracts.foreign import declared
from gnnlab.contracts.nodes import count_nodes
from gnnlab.ops import Adjacency
from gnnlab.tasks.link.heads.by_name import Head, make_head
from gnnlab.tasks.link.heads.pair_head import declared_head
from gnnlab.tasks.link.splits.checks import check_pairs
from gnnlab.tasks.shared.model import as_batch, computing, parameter_type
from gnnlab.tasks.training.settings import Autocast

if TYPE_CHECKING:
    from torch_geometric.data import Data


class LinkModel(Remembering):
    """An encoder that reads a graph, and a head that scores pairs of its nodes.

    The head computes in single precision also under autocast, as heads of classes do.

    An encoder whose training has a loss of its own (the divergence of a variational one) has a
    method ``with_loss(data) -> (states, loss or None)``, which training calls in place of
    ``forward``.

    Args:
        encoder: maps ``data`` to states (N, H).
        head: maps states (N, H), an ``Adjacency`` and pairs (2, P) to logits (P,).

    Attributes:
        autocast: ``"bf16"`` lets the encoder compute in bfloat16, as :class:`gnnlab.tasks.Model`.

    Shapes:
        data with N nodes, pairs (2, P) int64 -> (P,)
    """

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.autocast: Autocast | None = None

    def forward(self, data: Data, pairs: Tensor) -> Tensor:
        data = as_batch(data, False)
        check_pairs("pairs", pairs, count_nodes(data), loops=True)
        return self.score(self.states(data), data, pairs)

    def states(self, data: Data) -> Tensor:
        """The nodes' states, (N, H)."""
        with computing(self.autocast, data.x.device):
            return self._checked(self.encoder(data), data)

    def states_and_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """The nodes' states, and what the encoder adds to the loss of a step, if anything."""
        h, loss = declared(self.encoder).with_loss(data)
        return self._checked(h, data), loss

    def score(self, h: Tensor, data: Data, pairs: Tensor, adj: Adjacency | None = None) -> Tensor:
        """Logits of pairs, (P,), from states and the graph whose edges the head may read.

        Args:
            adj: the sorted form of the graph's edges, if it is at hand.
        """
        adj = Adjacency.of(data.edge_index, h.shape[0]) if adj is None else adj
        with torch.autocast(h.device.type, enabled=False):
            logits: Tensor = self.head(_single(h), adj, pairs)
        if logits.shape != pairs.shape[1:]:
            raise ValueError(
                f"{type(self.head).__name__} returned {tuple(logits.shape)} for {pairs.shape[1]} "
                f"pairs, but ({pairs.shape[1]},) was expected: one logit a pair"
            )
        return logits

    def factors(self, h: Tensor) -> Tensor | None:
        """What the logits are dot products of, (N, H), where the head says so."""
        with torch.autocast(h.device.type, enabled=False):
            return declared_head(self.head).factors(_single(h))

    def _checked(self, h: Tensor, data: Data) -> Tensor:
        nodes = count_nodes(data)
        if h.dim() != 2 or h.shape[0] != nodes:
            raise ValueError(
                f"{type(self.encoder).__name__} returned {tuple(h.shape)} for a graph of {nodes} "
                f"nodes, but ({nodes}, H) was expected: one row a node"
            )
        return h


def _single(h: Tensor) -> Tensor:
    return h if h.dtype == torch.float64 else h.float()


def with_head(encoder: nn.Module, head: Head) -> LinkModel:
    """Put a head on an encoder, in the precision of its parameters.

    Raises:
        ValueError: what the head refuses, or one that learns nothing from states.
    """
    made = make_head(head, width_of(encoder))
    if not declared_head(made).learns:
        raise ValueError(
            f"{type(made).__name__} reads no states, so there is nothing to train: judge it "
            "with tasks.heuristic(data, head) on the links of one graph"
        )
    return LinkModel(encoder, made.to(dtype=parameter_type(encoder) or torch.float32))


def width_of(encoder: nn.Module) -> int:
    """The width of the states that an encoder returns.

    Raises:
        ValueError: it does not say.
    """
    own = declared(encoder)
    for width in (own.out_channels, own.hidden_channels):
        if isinstance(width, int):
            return width
    raise ValueError(
        f"{type(encoder).__name__}.hidden_channels is missing, so the task cannot put a head on "
        "it: set it to the width that the encoder returns"
    )
