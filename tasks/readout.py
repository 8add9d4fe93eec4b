"""From the states of nodes to one row a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from torch import Tensor, nn

from gnnlab.ops import segment_reduce

if TYPE_CHECKING:
    from torch_geometric.data import Batch

Pooling = Literal["max", "mean", "sum"]


class Readout(nn.Module):
    r"""Pool the rows of every graph's nodes, :math:`r_g = \operatorname{reduce}_{i \in g} h_i`.

    Args:
        pooling: ``"mean"``, ``"sum"`` or ``"max"``; a graph without a node gets 0.

    Shapes:
        h (N, H), a batch of B graphs -> (B, H)

    Raises:
        ValueError: another pooling.
    """

    def __init__(self, pooling: Pooling = "mean") -> None:
        super().__init__()
        if pooling not in get_args(Pooling):
            choices = ", ".join(get_args(Pooling))
            raise ValueError(f"readout is {pooling!r}, which is none of {choices}: take one")
        self.pooling = pooling

    def forward(self, h: Tensor, data: Batch) -> Tensor:
        return segment_reduce(h, data.batch, data.num_graphs, self.pooling)

    def extra_repr(self) -> str:
        return self.pooling
