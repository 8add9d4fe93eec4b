"""Learned readouts (attention, Set2Set), and a sorted one that keeps several rows of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gnnlab.contracts.built import Remembering
from gnnlab.core.arguments import check_counts
from gnnlab.ops import segment_reduce

if TYPE_CHECKING:
    from torch_geometric.data import Batch


class AttentionReadout(Remembering):
    r"""Sum the rows of a graph, weighted by a softmax over its nodes of a learned score.

    .. math:: r_g = \sum_{i \in g} \operatorname{softmax}_{i \in g}(w^\top h_i + b) \, h_i

    Args:
        channels: H.

    Shapes:
        h (N, H), a batch of B graphs -> (B, H)

    Raises:
        ValueError: a width below 1.

    Source:
        Li, Tarlow, Brockschmidt and Zemel, "Gated Graph Sequence Neural Networks", ICLR 2016,
        equation 7 (https://arxiv.org/abs/1511.05493), without the map of the summands.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        check_counts(channels=channels)
        self.score = nn.Linear(channels, 1)

    def width(self, channels: int) -> int:
        """Return H."""
        return channels

    def forward(self, h: Tensor, data: Batch) -> Tensor:
        return _attended(h, self.score(h), data)


class Set2Set(Remembering):
    r"""Ask a graph's rows several times what a recurrent cell wants to know, and keep the answers.

    .. math::
        q_t = \operatorname{LSTM}(q^*_{t-1}), \quad a_i = \operatorname{softmax}_{i \in g}(h_i
        \cdot q_t), \quad q^*_t = [q_t, \textstyle\sum_{i \in g} a_i h_i]

    Args:
        channels: H.
        steps: T, how often.

    Shapes:
        h (N, H), a batch of B graphs -> (B, 2 H), :math:`q^*_T`

    Raises:
        ValueError: a width or number of steps below 1.

    Cost: O(T (N H + B H^2)).

    Source:
        Vinyals, Bengio and Kudlur, "Order Matters: Sequence to sequence for sets", ICLR 2016
        (https://arxiv.org/abs/1511.06391).
    """

    def __init__(self, channels: int, steps: int = 3) -> None:
        super().__init__()
        check_counts(channels=channels, steps=steps)
        self.steps = steps
        self.cell = nn.LSTMCell(2 * channels, channels)

    def width(self, channels: int) -> int:
        """Return 2 H."""
        return 2 * channels

    def forward(self, h: Tensor, data: Batch) -> Tensor:
        answer = h.new_zeros(data.num_graphs, 2 * h.shape[1])
        query, memory = answer[:, : h.shape[1]], answer[:, : h.shape[1]]
        for _ in range(self.steps):
            query, memory = self.cell(answer, (query, memory))
            score = (h * query[data.batch]).sum(1, keepdim=True)
            answer = torch.cat([query, _attended(h, score, data)], dim=1)
        return answer


class SortReadout(Remembering):
    r"""Keep the K rows of a graph that are largest in the last channel, one after the other.

    Rows come in falling order; of rows that tie in the last channel, the one larger in the channel
    before comes first, and so on, so that the order of nodes does not matter. A graph of fewer
    nodes is filled up with zeros.

    Args:
        channels: H.
        rows: K.

    Shapes:
        h (N, H), a batch of B graphs -> (B, K H)

    Raises:
        ValueError: a width or number of rows below 1.

    Cost: O(H N log N).

    Source:
        Zhang, Cui, Neumann and Chen, "An End-to-End Deep Learning Architecture for Graph
        Classification", AAAI 2018 (https://doi.org/10.1609/aaai.v32i1.11782): SortPooling.
    """

    def __init__(self, channels: int, rows: int = 30) -> None:
        super().__init__()
        check_counts(channels=channels, rows=rows)
        self.rows = rows

    def width(self, channels: int) -> int:
        """Return K H."""
        return self.rows * channels

    def forward(self, h: Tensor, data: Batch) -> Tensor:
        order = torch.arange(len(h), device=h.device)
        for channel in h.detach().T:  # stable sorts, the most important key last
            order = order[channel[order].argsort(descending=True, stable=True)]
        order = order[data.batch[order].argsort(stable=True)]
        sizes = torch.bincount(data.batch, minlength=data.num_graphs)
        starts = sizes.cumsum(0) - sizes
        graph = data.batch[order]
        rank = torch.arange(len(h), device=h.device) - starts[graph]
        kept = rank < self.rows
        places = graph[kept] * self.rows + rank[kept]
        table = h.new_zeros(data.num_graphs * self.rows, h.shape[1])
        return table.index_put((places,), h[order[kept]]).reshape(data.num_graphs, -1)


def _attended(h: Tensor, score: Tensor, data: Batch) -> Tensor:
    """Sum the rows of each graph with a softmax of the scores (N, 1) over its nodes."""
    graph, graphs = data.batch, data.num_graphs
    weight = (score - segment_reduce(score.detach(), graph, graphs, "max")[graph]).exp()
    total = segment_reduce(weight, graph, graphs, "sum")
    return segment_reduce(h * (weight / total[graph]), graph, graphs, "sum")
