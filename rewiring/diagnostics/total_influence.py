"""Total influence: how far away the features lie that an encoder's output depends on."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

from gnnlab.contracts.data import check
from gnnlab.contracts.foreign import declared
from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked
from gnnlab.rewiring.diagnostics.jacobian import (
    check_rows,
    choose_nodes,
    jacobian_norms,
    summed_norms,
    traced,
)
from gnnlab.rewiring.diagnostics.neighbourhoods import in_double, induced, side_by_side
from gnnlab.structure.graphs.undirected_lists import Neighbours, undirected
from gnnlab.structure.hops.bfs import hop_matrix

if TYPE_CHECKING:
    from torch_geometric.data import Data

AT_ONCE = 8192
"""Nodes of neighbourhoods that are worked on together."""
FIRST = 4
"""Hops that the first neighbourhoods reach; they grow by a quarter."""
AGREE = 1e-9
"""How far the output on a neighbourhood may be from that on the graph, of the largest number."""


@dataclass(frozen=True, eq=False)
class Influence:
    r"""Influence of what lies so many hops away, :math:`I_k(v)`, for some nodes v.

    Args:
        nodes: (S,) int64, v.
        total: (S, K + 1) float64, :math:`I_k(v)` for k = 0 … K.
    """

    nodes: Tensor
    total: Tensor

    def by_hop(self, relative_to: Literal["self", "all"] | None = "self") -> Tensor:
        r"""Mean over the nodes, (K + 1,), as a multiple of what the nodes' own features do.

        Args:
            relative_to: ``self`` divides by :math:`I_0`, ``all`` by the sum over the distances,
                None by nothing.
        """
        mean = self.total.mean(0)
        if relative_to is None:
            return mean
        return mean / (mean[0] if relative_to == "self" else mean.sum())

    @property
    def range(self) -> float:
        r"""Mean over the nodes of the distance weighted by influence.

        .. math:: R = \frac{1}{S} \sum_v \frac{\sum_k k\, I_k(v)}{\sum_k I_k(v)}

        Nodes whose output depends on no feature do not count; nan if there are no others.
        """
        each = self.total.sum(1)
        hops = torch.arange(self.total.shape[1], dtype=self.total.dtype)
        there = each > 0
        return float(((self.total @ hops)[there] / each[there]).mean())


@checked
def total_influence(
    encoder: nn.Module,
    data: Data,
    *,
    max_hop: int = 16,
    nodes: int | Tensor = 100,
    edge_index: Tensor | None = None,
    seed: int = 0,
) -> Influence:
    r"""Add up by distance how strongly an encoder's output depends on the features.

    .. math:: I_k(v) = \sum_{u : d(u, v) = k} \sum_{a, b}
        \Big| \frac{\partial h_{v, a}}{\partial x_{u, b}} \Big|

    Derivatives are those of the encoder on the whole graph, in double precision. They are computed
    on a neighbourhood of each node, many side by side in one backward pass, where the outputs there
    equal those on the graph to nine digits; neighbourhoods grow until they do, in the end to the
    whole graph.

    Args:
        encoder: returns (N, H) for ``data``, or a trained model's logits; a copy is run in eval
            mode.
        data: the graph, with ``x`` (N, F); left as it is.
        max_hop: K; what lies farther away is left out.
        nodes: the nodes v, or how many are drawn (all if there are no more).
        edge_index: (2, E) int64, where to measure distances; the graph's own edges if None. To
            judge a rewiring hand over the edges before it.
        seed: of the draw.

    Shapes:
        :class:`Influence` with ``total`` (S, K + 1)

    Raises:
        ValueError: bad edges or nodes, or an encoder whose output is not (N, H).

    Cost:
        a forward pass over the graph, and H backward passes over the neighbourhoods, which reach a
        little farther than the encoder does.

    Source:
        Liang, Borde, Sripathmanathan, Bronstein and Dong, "Towards Quantifying Long-Range
        Interactions in Graph Machine Learning: a Large Graph Dataset and a Measurement", 2025,
        section 4 (https://arxiv.org/abs/2503.09008). Its release differentiates the model on the
        ball of K hops alone, where nodes at the rim lack neighbours.
    """
    check_count("max_hop", max_hop, 0)
    if max_hop > FARTHEST:
        raise ValueError(f"max_hop is {max_hop}, but at most {FARTHEST} distances are told apart")
    check(data)
    chosen = choose_nodes(nodes, count_nodes(data), seed)
    model, data = deepcopy(encoder).eval().double(), in_double(data)
    graph = undirected(data.edge_index, count_nodes(data))
    apart = graph if edge_index is None else undirected(edge_index, count_nodes(data))
    rows = []
    for roots, ids, norms in _norms(model, data, graph, chosen):
        hops = hop_matrix(apart.rowptr, apart.col, max_hop, sources=roots.numpy())
        rows += [
            _by_hop(norm, torch.from_numpy(hop)[place].long(), max_hop)
            for norm, hop, place in zip(norms, hops, ids, strict=True)
        ]
    return Influence(chosen, torch.stack(rows))


def _by_hop(norms: Tensor, hops: Tensor, max_hop: int) -> Tensor:
    """Sum up norms (K,) by distance; a distance below 0 is none."""
    near = hops >= 0
    return torch.bincount(hops[near], norms[near], minlength=max_hop + 1)


FARTHEST = 1 << 20
"""The largest distance that is asked for: every node has a number for each."""
Norms = tuple[Tensor, list[Tensor], list[Tensor]]
"""Some roots, and for each the nodes it may depend on and the norms of its derivatives there."""


def _norms(model: nn.Module, data: Data, graph: Neighbours, chosen: Tensor) -> Iterator[Norms]:
    with torch.no_grad():
        hidden = model(data)
    check_rows(hidden, graph.num_nodes)
    radius = FIRST
    while len(chosen) and radius <= graph.num_nodes and _is_local(model):
        roots, balls = _neighbourhoods(graph, chosen, radius)
        if 2 * sum(map(len, balls)) > len(balls) * graph.num_nodes:
            break
        try:
            found = _on_neighbourhoods(model, data, roots, balls, hidden[roots.to(hidden.device)])
        except ValueError:  # it reads what was prepared for the whole graph
            break
        if found is None:
            radius += (radius + 3) // 4
            continue
        yield roots, balls, found
        chosen = chosen[len(roots) :]
    if len(chosen):
        everything = torch.arange(graph.num_nodes)
        yield chosen, [everything] * len(chosen), list(jacobian_norms(model, data, chosen))


def _is_local(model: nn.Module) -> bool:
    """Whether it may be handed a part of the graph: it learns nothing for a node by number."""
    return not any(declared(part).transductive for part in model.modules())


def _neighbourhoods(graph: Neighbours, chosen: Tensor, radius: int) -> tuple[Tensor, list[Tensor]]:
    """The first of the chosen nodes, as many as are worked on together, with their balls."""
    balls: list[Tensor] = []
    for root in chosen.numpy():
        hops = hop_matrix(graph.rowptr, graph.col, radius, sources=np.array([root]))[0]
        balls.append(torch.from_numpy(np.flatnonzero(hops >= 0)))
        if sum(map(len, balls)) >= AT_ONCE:
            break
    return chosen[: len(balls)], balls


def _on_neighbourhoods(
    model: nn.Module, data: Data, roots: Tensor, balls: list[Tensor], expected: Tensor
) -> list[Tensor] | None:
    """Norms over each ball, or None where the outputs there are not those on the graph."""
    place = data.x.device
    batch = side_by_side([induced(data, ball.to(place)) for ball in balls])
    hidden, x = traced(model, batch)
    pairs = zip(balls, roots, strict=True)
    inside = torch.stack([torch.searchsorted(ball, root) for ball, root in pairs])
    rows = hidden[batch.ptr[:-1] + inside.to(place)]
    if float((rows.detach() - expected).abs().max()) > AGREE * float(expected.abs().max()):
        return None
    # Each output depends on its own neighbourhood alone, so that one pass serves all.
    return list(torch.split(summed_norms(rows, x).cpu(), [len(ball) for ball in balls]))
