"""Deep Graph Infomax: states trained to tell the graph from one with shuffled features."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.built import Remembering
from gnnlab.ops import is_sparse
from gnnlab.tasks.selfsupervised.objective import Encode, Objective

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class DeepGraphInfomax(Objective):
    r"""Tell states of the graph from states of a corrupted one, by a summary of the graph.

    .. math:: L = -\frac{1}{2N} \sum_i \Big( \log D(h_i, s) + \log \big(1 - D(\tilde h_i, s)\big)
        \Big), \quad D(h, s) = \sigma(h^\top W s), \quad s = \sigma\Big(\frac1N \sum_i h_i\Big)

    :math:`h` are the encoder's states of the graph and :math:`\tilde h` those of the same edges
    with the rows of ``x`` in another order, drawn anew for every step.

    Shapes:
        x (N, F), edge_index (2, E)

    Raises:
        ValueError: states that stay the same when features change places.

    Cost:
        Two passes of the encoder a step, and O(N H + H^2).

    Source:
        Velickovic, Fedus, Hamilton, Lio, Bengio and Hjelm, "Deep Graph Infomax", ICLR 2019
        (https://arxiv.org/abs/1809.10341), eq. 1 with the corruption and the readout of its
        transductive experiments. Its release adds a bias to :math:`h^\top W s`.
    """

    short: ClassVar[str] = "infomax"

    def build(self, width: int) -> Discriminator:
        return Discriminator(width)

    def loss(
        self,
        encode: Encode,
        parts: Any,
        data: Data,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        true = encode(data)
        other = encode(shuffled(data, generator))
        summary = true.mean(0).sigmoid()
        positive, negative = parts(true, summary), parts(other, summary)
        return (F.softplus(-positive).mean() + F.softplus(negative).mean()) / 2

    def check(self, encode: Encode, data: Data) -> None:
        """Refuse an encoder that does not see the features, or features that are all alike."""
        generator = torch.Generator().manual_seed(0)
        if torch.equal(encode(data), encode(shuffled(data, generator))):
            raise ValueError(
                "the encoder's states are the same when the rows of data.x change places, so Deep "
                "Graph Infomax has nothing to tell apart: take an encoder that reads data.x, and "
                "features that differ between nodes"
            )


class Discriminator(Remembering):
    r"""Bilinear scores of states against a summary, :math:`h_i^\top W s`.

    Shapes:
        h (N, H), summary (H,) -> logits (N,)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, width))
        self.reset_parameters()

    def forward(self, h: Tensor, summary: Tensor) -> Tensor:
        return h @ (self.weight @ summary)

    def reset_parameters(self) -> None:
        nn.init.xavier_uniform_(self.weight)


def shuffled(data: Data, generator: torch.Generator | None = None) -> Data:
    """Return the graph with the rows of ``x`` in another order; the one given stays as it is."""
    order = torch.randperm(data.x.shape[0], generator=generator)
    data = copy(data)
    data.x = _rows_of(data.x, order.to(data.x.device))
    return data


def _rows_of(x: Tensor, order: Tensor) -> Tensor:
    if not is_sparse(x):
        return x.index_select(0, order)
    entries: Any = x
    moved: Tensor = entries.to_sparse_coo().index_select(0, order).to_sparse_csr()
    return moved
