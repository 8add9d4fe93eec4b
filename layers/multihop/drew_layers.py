"""DRew layers: messages from each hop distance, added up in one of three ways."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.layers.multihop.hop_graphs import Hop, Hops, graphs_that_reach
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.gates import edge_linear, gate_inputs, gated_sum
from gnnlab.ops import Adjacency, degree, gcn_propagate, gcn_sum, inverse_root, propagate

Reads = Sequence[Tensor]
"""The states (N, H) that the distances 1, 2, … read."""


class DRewLayer(nn.Module, ABC):
    """One layer of DRew, which adds up what a node hears at the distances 1 to K.

    Args:
        hops: K.
        shared: one set of weights for all distances.
        dropout: probability, on what is heard.

    Shapes:
        h (N, H), reads (N, H) for each distance, batch (N,) or None -> (N, H)
    """

    def __init__(self, hops: int, shared: bool, dropout: float) -> None:
        super().__init__()
        self.hops, self.shared = hops, shared
        self.sets = 1 if shared else hops
        self.dropout = Dropout(dropout)

    @abstractmethod
    def forward(self, h: Tensor, reads: Reads, hops: Hops, batch: Tensor | None = None) -> Tensor:
        """Return the next states."""

    def heard(self, hops: Hops) -> list[tuple[int, int, Hop]]:
        """Of every distance that occurs: its place, the place of its weights, and its pairs."""
        found = enumerate(hops[: self.hops])
        return [(k, 0 if self.shared else k, hop) for k, hop in found if hop is not None]

    def reset_parameters(self) -> None:
        reset_children(self)


class GCNHops(DRewLayer):
    r"""The neighbourhoods' normalised sums, mapped.

    .. math:: h_i + \operatorname{ReLU}\Big(\sum_k \sum_{j} \frac{w_{ji}}{\sqrt{d_j d_i}} W_k
        h_j\Big)

    With ``graph_degrees``, d counts a node's neighbours; without, the nodes at distance k.
    """

    def __init__(
        self, channels: int, hops: int, *, shared: bool, dropout: float, graph_degrees: bool
    ) -> None:
        super().__init__(hops, shared, dropout)
        self.graph_degrees = graph_degrees
        self.weight = nn.Parameter(torch.empty(self.sets, channels, channels))
        self.reset_parameters()

    def forward(self, h: Tensor, reads: Reads, hops: Hops, batch: Tensor | None = None) -> Tensor:
        heard = self.heard(hops)
        if not heard:
            return h
        out: Tensor = h + self.dropout(F.relu(self._summed(heard, reads)))
        return out

    def _summed(self, heard: list[tuple[int, int, Hop]], reads: Reads) -> Tensor:
        if self.shared:  # the sums first, then one product
            scale = self._scale(heard)
            return added(_smooth(reads[k], hop, scale) for k, _, hop in heard) @ self.weight[0]
        if self.graph_degrees:
            scale = self._scale(heard)
            return added(_smooth(reads[k] @ self.weight[s], hop, scale) for k, s, hop in heard)
        weights = [hop.weights(self.weight.dtype) for _, _, hop in heard]
        maps = self.weight if len(heard) == self.sets else self.weight[[s for _, s, _ in heard]]
        return gcn_sum(
            [reads[k] for k, _, _ in heard], [hop.adj for *_, hop in heard], maps, weights
        )

    def _scale(self, heard: list[tuple[int, int, Hop]]) -> Tensor | None:
        """1 / sqrt of the number of neighbours, (N, 1)."""
        if not self.graph_degrees:
            return None
        near = heard[0][2]  # a graph that has any pair has neighbours
        return _root_degree(near.adj, near.weight, self.weight.dtype)

    def reset_parameters(self) -> None:
        for weight in self.weight:
            nn.init.xavier_uniform_(weight)


class GINHops(DRewLayer):
    r"""An MLP of the node, and one of what is heard at each distance.

    .. math:: \operatorname{MLP}(h_i) + \sum_k \sum_j w_{ji} \operatorname{MLP}_k(h_j)
        \quad\text{or}\quad \operatorname{ReLU}\Big(\operatorname{MLP}(h_i)
        + \sum_k \operatorname{MLP}_k\Big(\sum_j w_{ji} h_j\Big)\Big)

    The second is the released form. A distance that a graph does not have adds nothing there.
    """

    def __init__(
        self, channels: int, hops: int, *, shared: bool, dropout: float, released: bool
    ) -> None:
        super().__init__(hops, shared, dropout)
        self.released = released
        self.ego = HopMLP(channels)
        self.neighbours = nn.ModuleList(HopMLP(channels) for _ in range(self.sets))

    def forward(self, h: Tensor, reads: Reads, hops: Hops, batch: Tensor | None = None) -> Tensor:
        part = self._of_sums if self.released else self._sums_of
        total = added([self.ego(h), *part(reads, hops, batch)])
        out: Tensor = self.dropout(F.relu(total) if self.released else total)
        return out

    def _sums_of(self, reads: Reads, hops: Hops, batch: Tensor | None) -> Iterator[Tensor]:
        mapped = once(self.neighbours, reads)
        for k, s, hop in self.heard(hops):
            x = mapped(s, k)
            yield propagate(x, hop.adj, hop.weights(x.dtype))

    def _of_sums(self, reads: Reads, hops: Hops, batch: Tensor | None) -> Iterator[Tensor]:
        for k, s, hop in self.heard(hops):
            x = propagate(reads[k], hop.adj, hop.weights(reads[k].dtype))
            yield where_reached(self.neighbours[s](x), hop, batch)


class HopMLP(nn.Module):
    """A Linear, batch normalisation and ReLU, (N, H) -> (N, H)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.linear(x)))

    def reset_parameters(self) -> None:
        reset_children(self)


class GatedHops(DRewLayer):
    r"""Messages that are weighed channel by channel, the gates of each distance adding up to 1.

    .. math:: h_i + \operatorname{ReLU}\Big(\operatorname{BN}\Big(A h_i +
        \sum_k \sum_j w_{ji}\, \eta_{ji} \odot B_k h_j\Big)\Big), \qquad
        \eta_{ji} \propto \sigma(D h_i + E_k h_j + [k = 1]\, C e_{ji})
    """

    def __init__(
        self, channels: int, hops: int, *, shared: bool, dropout: float, edge_dim: int | None
    ) -> None:
        super().__init__(hops, shared, dropout)
        self.ego = nn.Linear(channels, channels)
        self.target_gate = nn.Linear(channels, channels)
        self.edge_gate = edge_linear(edge_dim, channels, bias=False)
        self.messages = nn.ModuleList(nn.Linear(channels, channels) for _ in range(self.sets))
        self.source_gates = nn.ModuleList(
            nn.Linear(channels, channels, bias=False) for _ in range(self.sets)
        )
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, h: Tensor, reads: Reads, hops: Hops, batch: Tensor | None = None) -> Tensor:
        total = added([self.ego(h), *self._gated(self.target_gate(h), reads, hops)])
        out: Tensor = h + self.dropout(F.relu(self.norm(total)))
        return out

    def _gated(self, target: Tensor, reads: Reads, hops: Hops) -> Iterator[Tensor]:
        messages, sources = once(self.messages, reads), once(self.source_gates, reads)
        for k, s, hop in self.heard(hops):
            features = self.edge_gate if k == 0 else None  # at distance 1 alone there are edges
            edges = gate_inputs(target, sources(s, k), hop.adj, features, hop.attr)
            gates = edges.sigmoid()
            if hop.mask is not None:
                gates = gates * hop.mask.to(gates.dtype).unsqueeze(1)
            yield gated_sum(messages(s, k), gates, hop.adj, hop.weight)


def added(parts: Iterable[Tensor]) -> Tensor:
    """The sum of one or more tensors."""
    first, *rest = parts
    if not rest:
        return first
    total = first + rest[0]
    for part in rest[1:]:
        total += part  # nobody else holds it
    return total


def once(maps: nn.ModuleList, reads: Reads) -> Callable[[int, int], Tensor]:
    """``maps[s](reads[k])`` as a function of s and k, computed once for each map and state."""
    known: dict[tuple[int, int], Tensor] = {}

    def mapped(s: int, k: int) -> Tensor:
        key = s, next(place for place, state in enumerate(reads) if state is reads[k])
        if key not in known:
            known[key] = maps[s](reads[k])
        return known[key]

    return mapped


def where_reached(x: Tensor, hop: Hop, batch: Tensor | None) -> Tensor:
    """x (N, H) with zeros in graphs that have no pair at this distance."""
    reached = graphs_that_reach(hop, batch, x)
    return x if reached is None else x * reached


def _smooth(x: Tensor, hop: Hop, scale: Tensor | None) -> Tensor:
    weight = hop.weights(x.dtype)
    if scale is None:
        return gcn_propagate(x, hop.adj, weight)
    scale = scale.to(x.dtype)
    return scale * propagate(scale * x, hop.adj, weight)


def _root_degree(adj: Adjacency, weight: Tensor | None, dtype: torch.dtype) -> Tensor:
    def build() -> Tensor:
        return inverse_root(degree(adj, weight=weight).to(dtype)).unsqueeze(1)

    return build() if weight is not None else adj.remember(("root degree", dtype), build)
