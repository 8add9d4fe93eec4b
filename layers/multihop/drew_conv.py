"""DRew convolutions: any convolution, one copy for each hop distance."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.layers.multihop.drew_layers import DRewLayer, Reads, added, where_reached
from gnnlab.layers.multihop.hop_graphs import Hop, Hops


class ConvHops(DRewLayer):
    r"""A convolution for each distance.

    .. math:: h_i + \operatorname{ReLU}\Big(\sum_k \operatorname{Conv}_k(h)_i\Big)
        \quad\text{or}\quad \Big\lVert h_i + \operatorname{ReLU}\Big(\sum_k \Big\lVert
        \operatorname{ReLU}(\operatorname{BN}_k(\operatorname{Conv}_k(h)))_i \Big\rVert\Big)
        \Big\rVert

    The second is the released form, where the bars scale a row to length 1. A distance that a graph
    does not have adds nothing there.

    Args:
        make: makes a convolution of its two widths; that of distance 1 is also told ``edge_dim``
            if there is one.
        weighable: whether an edge of weight 0 is none to it.
    """

    def __init__(
        self,
        channels: int,
        hops: int,
        make: Callable[..., nn.Module],
        *,
        shared: bool,
        dropout: float,
        edge_dim: int | None,
        released: bool,
        weighable: bool,
    ) -> None:
        super().__init__(hops, shared, dropout)
        self.released, self.weighable = released, weighable
        near = {} if edge_dim is None else {"edge_dim": edge_dim}
        self.convs = nn.ModuleList(
            make(channels, channels, **(near if s == 0 else {})) for s in range(self.sets)
        )
        norms = self.sets if released else 0
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(norms))

    def forward(self, h: Tensor, reads: Reads, hops: Hops, batch: Tensor | None = None) -> Tensor:
        heard = self.heard(hops)
        parts = [self._part(reads[k], s, hop, batch) for k, s, hop in heard]
        if self.released:
            return F.normalize(h + F.relu(added(parts)) if parts else h, dim=1)
        out: Tensor = h + self.dropout(F.relu(added(parts))) if parts else h
        return out

    def _part(self, x: Tensor, s: int, hop: Hop, batch: Tensor | None) -> Tensor:
        if hop.mask is not None and not self.weighable:
            raise ValueError(
                "torch.compile does not know which pairs are how far apart, so they reach a "
                f"convolution as edges of weight 0, which {type(self.convs[s]).__name__} may "
                "count: compile DRew with conv='gcn', 'gin' or 'gatedgcn', or not at all"
            )
        weight = hop.weights(x.dtype)
        z: Tensor = self.convs[s](x, hop.adj, weight, edge_attr=hop.attr, edge_type=hop.kind)
        if self.released:
            z = F.normalize(F.relu(self.dropout(self.norms[s](z))), dim=1)
        return where_reached(z, hop, batch)
