"""Case of an explanation: one prediction of a model, as a function of edge weights and features."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from gnnlab.tasks.explanation.explanation import Explanation
from gnnlab.tasks.link.model import LinkModel

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class Case:
    """One prediction, on the part of the graph that it depends on.

    Args:
        model: in eval mode.
        data: that part of the graph, or all of it, as the encoder reads it.
        whole: the graph as it was given.
        nodes, edges: the numbers of the part's nodes and edges in the whole, (n,) and (m,).
        node: whose prediction it is, by its number in ``whole``; None for a graph's or a link's.
        pair: the ends of a link, by theirs.
        numbers: whether numbers are predicted, not classes.
        target: the class, or the column of numbers.
    """

    model: nn.Module
    data: Data
    whole: Data
    nodes: Tensor
    edges: Tensor
    node: int | None = None
    pair: tuple[int, int] | None = None
    numbers: bool = False
    target: int = 0

    @property
    def x(self) -> Tensor:
        """The features as they are, (n, F), dense."""
        x: Any = self.data.x
        dense: Tensor = x if x.layout is torch.strided else x.to_dense()
        return dense

    @property
    def weight(self) -> Tensor:
        """The weights of the edges as they are, (m,); ones where the graph has none."""
        given: Any = self.data.to_dict().get("edge_weight")
        if given is not None:
            return given.detach()  # type: ignore[no-any-return]
        return torch.ones(len(self.edges), dtype=self.x.dtype, device=self.x.device)

    @property
    def edge_index(self) -> Tensor:
        """(2, m), by the part's numbers of nodes."""
        index: Any = self.data.edge_index
        return index  # type: ignore[no-any-return]

    def output(self, x: Tensor | None = None, weight: Tensor | None = None) -> Tensor:
        """Return the prediction, (C,): logits, or numbers.

        One logit of two classes becomes two, half of it below and half above 0.

        Shapes:
            x (n, F), weight (m,): as they are where None
        """
        data = copy(self.data)
        if x is not None:
            data.x = x
        if weight is not None:
            data.edge_weight = weight
        row = self._row(data)
        if self.numbers or len(row) > 1:
            return row
        return torch.cat([-row / 2, row / 2])

    def _row(self, data: Data) -> Tensor:
        if self.pair is not None:
            ends = torch.tensor([[self.place(end)] for end in self.pair], device=self.x.device)
            found: Tensor = self.model(data, ends)
            return found
        found = self.model(data)
        return found[0 if self.node is None else self.place(self.node)]

    def place(self, node: int) -> int:
        """The number that a node of the whole graph has in the part."""
        return int(torch.searchsorted(self.nodes, node))

    def value(self, x: Tensor | None = None, weight: Tensor | None = None) -> Tensor:
        """Return the logit of the class that is explained, or the number; a scalar."""
        return self.output(x, weight)[self.target]

    def log_chance(self, x: Tensor | None = None, weight: Tensor | None = None) -> Tensor:
        """Return the logarithm of the probability of that class; a scalar."""
        return log_softmax(self.output(x, weight), 0)[self.target]

    def chance(self, x: Tensor | None = None, weight: Tensor | None = None) -> float:
        """Return that probability; of numbers, the number."""
        with torch.no_grad():
            found = self.value if self.numbers else self.log_chance
            return float(found(x, weight)) if self.numbers else float(found(x, weight).exp())

    def loss(self, x: Tensor, weight: Tensor) -> Tensor:
        """Return how far a masked graph is from the prediction: −log p, or a squared difference."""
        if not self.numbers:
            return -self.log_chance(x, weight)
        with torch.no_grad():
            aim = self.value()
        return (self.value(x, weight) - aim).square()

    def slopes(self, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients of ``value`` by features and edge weights, (n, F) and (m,)."""
        x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
        found = torch.autograd.grad(self.value(x, weight), (x, weight), allow_unused=True)
        ends = (x, weight)
        gone = [
            torch.zeros_like(end) if of is None else of for of, end in zip(found, ends, strict=True)
        ]
        return gone[0], gone[1]

    def check_reads_weights(self) -> None:
        """Refuse a model whose prediction no edge weight can change.

        Raises:
            ValueError: so it is.
        """
        if not len(self.edges):
            return
        weight = self.weight.clone().requires_grad_()
        out = self.value(None, weight)
        of = torch.autograd.grad(out, weight, allow_unused=True)[0] if out.requires_grad else None
        if of is None:
            name = type(getattr(self.model, "encoder", self.model)).__name__
            raise ValueError(
                f"{name} reads no data.edge_weight, so none of its edges can be weighed: explain "
                "its features alone, with edges=False, or take an encoder that reads edge weights"
            )

    def explanation(
        self, edge_mask: Tensor | None, node_mask: Tensor | None, method: str
    ) -> Explanation:
        """Return masks of the part as an explanation on the whole graph, 0 outside the part."""
        nodes = self.whole.num_nodes or 0
        if node_mask is not None and node_mask.shape[0] != 1:
            node_mask = _spread(node_mask, self.nodes, nodes)
        if edge_mask is not None:
            edge_mask = _spread(edge_mask, self.edges, self.whole.num_edges)
        return Explanation(
            edge_mask,
            node_mask,
            self.whole,
            self.node,
            self.target,
            self.chance(),
            method,
            self.pair,
        )


def _spread(mask: Tensor, places: Tensor, rows: int) -> Tensor:
    out = mask.new_zeros(rows, *mask.shape[1:])
    out[places] = mask
    return out


def is_link(model: nn.Module) -> bool:
    """Whether a model predicts links."""
    return isinstance(model, LinkModel)
