"""Edge-drop contrast: a loss that matches a graph with a view of it that lacks some edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.core.arguments import check_counts, check_not_negative, check_positive
from gnnlab.layers.inputs.base import replaced
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.mlp import MLP
from gnnlab.ops import Adjacency, gather, segment_reduce

if TYPE_CHECKING:
    from torch_geometric.data import Data

NODES = 1024
"""Nodes of one graph that are told apart in a step, at most."""
EDGE = 1e-4
"""How near to 0 and 1 a draw may be: the logit of either is infinite."""


class EdgeDropContrast(nn.Module):
    r"""Drop edges by probabilities learned against a loss that matches each graph with its view.

    .. math:: \min_{\theta} \max_{\phi} \; L(\theta, \phi) - \lambda \operatorname{mean}_e (1 -
        p_e), \qquad p_e = \sigma\big(\operatorname{MLP}_\phi([z_u + z_v, |z_u - z_v|]) +
        \operatorname{logit} \epsilon_e\big), \quad \epsilon_e \sim U(0, 1)

    The view has the edge weights p, relaxed draws of which edges are kept; both directions of an
    edge share one, and parallel edges do. L is InfoNCE between the projected means g of a graph's
    node states and g' of its view's, over the graphs of a batch, both ways,

    .. math:: L = -\frac{1}{2 B} \sum_i \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}} + \log
        \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}}, \qquad s_{ij} = \cos(g_i, g'_j) / \tau.

    One backward pass serves both sides: p enters the encoder with its gradient reversed, so that
    minimising what is returned, :math:`L + \lambda \operatorname{mean}_e (1 - p_e)`, trains the
    encoder to match the views and the probabilities to make that hard without dropping much. The
    mean is over the edges of a graph, then over the graphs that have any. The states z that the
    probabilities are read from pass no gradient on. With one graph in a batch L is 0. Of one graph
    that is in no batch, g and g' are the states of its nodes, of 1,024 drawn ones if there are
    more.

    Args:
        channels: H, the width of the states.
        drop_penalty: :math:`\lambda`.
        temperature: :math:`\tau`.

    Shapes:
        data of one graph, or of B, with N nodes and E edges, z (N, H) -> (), the loss

    Raises:
        ValueError: a width below 1, a penalty below 0, a temperature that is not above 0.

    Cost:
        the encoder once more, and O(E H + B^2 H + N H), with min(N, 1024) for B of one graph.

    Source:
        Suresh, Li, Hao and Neville, "Adversarial Graph Augmentation to Improve Graph Contrastive
        Learning", NeurIPS 2021 (https://arxiv.org/abs/2106.05819); lambda and tau are those of its
        release. There a second network reads the edges' states, the two sides take steps in turn,
        each direction of an edge has its own draw, and a graph's own view is not in the sum below.
    """

    def __init__(
        self, channels: int, *, drop_penalty: float = 5.0, temperature: float = 0.2
    ) -> None:
        super().__init__()
        check_counts(channels=channels)
        check_not_negative("drop_penalty", drop_penalty)
        check_positive("temperature", temperature)
        self.drop_penalty, self.temperature = drop_penalty, temperature
        self.score = MLP([2 * channels, channels, 1])
        self.project = MLP([channels, channels, channels])

    def forward(self, encode: Callable[[Data], Tensor], data: Data, z: Tensor) -> Tensor:
        """Return the loss; ``encode`` gave z for the batch, and is asked for its view's states."""
        kept = self.kept(z, data)
        view = 2 * kept.detach() - kept  # the same numbers, the gradient reversed
        weight = getattr(data, "edge_weight", None)
        view = view if weight is None else view * weight.to(view.dtype)
        other = encode(replaced(data, edge_weight=view))
        with torch.autocast(z.device.type, enabled=False):
            own, view = (self.project(rows) for rows in _compared(_wide(z), _wide(other), data))
            loss = info_nce(own, view, self.temperature)
        return loss + self.drop_penalty * _dropped(kept, data)

    def kept(self, z: Tensor, data: Data) -> Tensor:
        """Draw how much of each edge is kept, (E,)."""
        adj = Adjacency.of(data.edge_index, z.shape[0])
        number = adj.remember("between", lambda: _between(adj))
        with torch.autocast(z.device.type, enabled=False):
            source, target = (gather(_wide(z.detach()), adj, end) for end in ("source", "target"))
            score = self.score(torch.cat([source + target, (source - target).abs()], dim=1))
            most = int(number.max()) + 1 if number.numel() else 0
            draw = torch.rand(most, dtype=score.dtype, device=score.device)
            noise = draw.clamp(EDGE, 1 - EDGE).logit()[number]
            return torch.sigmoid(score.squeeze(1) + noise)

    def reset_parameters(self) -> None:
        reset_children(self)


def info_nce(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """Tell by the cosine which rows of two tables belong together, both ways.

    Shapes:
        one, other (B, H) -> ()
    """
    similar = F.normalize(one) @ F.normalize(other).T / temperature
    own = torch.arange(len(one), device=one.device)
    return (F.cross_entropy(similar, own) + F.cross_entropy(similar.T, own)) / 2


def _compared(z: Tensor, other: Tensor, data: Data) -> tuple[Tensor, Tensor]:
    """The rows of a graph, or of a node, and of its view."""
    if getattr(data, "batch", None) is not None:
        one, two = (segment_reduce(h, data.batch, data.num_graphs, "mean") for h in (z, other))
        return one, two
    if len(z) <= NODES:
        return z, other
    drawn = torch.randperm(len(z), device=z.device)[:NODES]
    return z.index_select(0, drawn), other.index_select(0, drawn)


def _between(adj: Adjacency) -> Tensor:
    """(E,): the same number for all edges between the same two nodes."""
    low, high = adj.edge_index.amin(0), adj.edge_index.amax(0)
    found: Tensor = torch.unique(low * adj.num_nodes + high, return_inverse=True)[1]
    return found


def _dropped(kept: Tensor, data: Data) -> Tensor:
    """The mean over graphs with edges of the share that is dropped."""
    if getattr(data, "batch", None) is None:
        return (1 - kept).sum() / max(1, len(kept))
    graph = data.batch.index_select(0, data.edge_index[0])
    shares = segment_reduce(1 - kept, graph, data.num_graphs, "mean")
    some = segment_reduce(torch.ones_like(kept), graph, data.num_graphs, "max")
    return shares.sum() / some.sum().clamp(min=1)


def _wide(h: Tensor) -> Tensor:
    """At least single precision."""
    return h if h.dtype == torch.float64 else h.float()
