"""Link heuristics: scores of node pairs without learning, such as Adamic-Adar and Katz."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from gnnlab.contracts.nodes import count_nodes
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count, check_positive
from gnnlab.core.settings import checked
from gnnlab.ops import Adjacency
from gnnlab.tasks.link.heads.by_name import Head, make_head
from gnnlab.tasks.link.heads.pair_head import PairHead, declared_head
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.link.prediction import LinkPrediction

if TYPE_CHECKING:
    from torch_geometric.data import Data


@checked
def heuristic(
    data: Data, head: Head, metric: str = "auto", also: Sequence[str] = ()
) -> dict[str, float]:
    """Judge a head that learns nothing on a split, as training would judge one that does.

    Args:
        data: a split's message graph, see :class:`gnnlab.tasks.LinkPrediction`.
        head: such as ``"cn"``, or ``{"name": "katz", "beta": 0.01}``.
        metric, also: what is measured.

    Returns:
        ``valid`` and ``test`` of the metric, ``"valid NAME"`` and ``"test NAME"`` of the others.

    Raises:
        ValueError: a head that learns; what the task refuses.
    """
    made = head if isinstance(head, nn.Module) else make_head(head, 1)
    if any(True for _ in made.parameters()) or declared_head(made).learns:
        raise ValueError(
            f"{type(made).__name__} reads what an encoder has learnt: train it with "
            "tasks.fit(tasks.LinkPrediction(head=...), encoder, data)"
        )
    problem = LinkPrediction(metric, head, also=also).setup(data, 0)
    with torch.no_grad():
        row = problem.evaluate(LinkModel(_Nothing(), made))
    return {name: value for name, value in row.items() if name != "valid_loss"}


class _Nothing(nn.Module):
    """Stands for an encoder."""

    def forward(self, data: Data) -> Tensor:
        return torch.zeros(count_nodes(data), 1, device=data.edge_index.device)


class Heuristic(PairHead, ABC):
    """A head that reads the graph alone. Loops do not count, and repeated edges count once."""

    learns = False

    def __init__(self, in_channels: int = 1) -> None:
        super().__init__()

    def forward(self, h: Tensor, adj: Adjacency, pairs: Tensor) -> Tensor:
        return self.score(adj, pairs).to(h.device, h.dtype)

    @abstractmethod
    def score(self, adj: Adjacency, pairs: Tensor) -> Tensor:
        """Scores (P,) of pairs (2, P), the larger the likelier."""


class Shared(Heuristic):
    """A sum over the common neighbours, each counting by its number of neighbours."""

    def score(self, adj: Adjacency, pairs: Tensor) -> Tensor:
        from gnnlab.ops.functions.common_neighbors import common_neighbors, neighbor_sum
        from gnnlab.structure.graphs.in_neighbours import simple_rows

        adj = adj.without_self_loops()
        degree = torch.from_numpy(simple_rows(adj).degree).double().to(adj.device)
        weight = self.weight(degree)[:, None]
        return neighbor_sum(weight, common_neighbors(adj, pairs))[:, 0]

    @abstractmethod
    def weight(self, degree: Tensor) -> Tensor:
        """How much a node with so many neighbours counts, (N,) -> (N,)."""


class CommonNeighbors(Shared):
    r"""Count the common neighbours, :math:`|N(i) \cap N(j)|`.

    Shapes:
        adj with N nodes, pairs (2, P) -> (P,)

    Source:
        Newman, "Clustering and preferential attachment in growing networks", Physical Review E 64,
        2001.
    """

    short = "cn"

    def weight(self, degree: Tensor) -> Tensor:
        return torch.ones_like(degree)


class AdamicAdar(Shared):
    r"""Add up the common neighbours, :math:`\sum_{u \in N(i) \cap N(j)} 1 / \log d_u`.

    A node with one neighbour, which only a directed graph has between two others, counts 0.

    Shapes:
        adj with N nodes, pairs (2, P) -> (P,)

    Source:
        Adamic and Adar, "Friends and neighbors on the Web", Social Networks 25, 2003.
    """

    short = "aa"

    def weight(self, degree: Tensor) -> Tensor:
        return torch.where(degree > 1, 1 / degree.clamp(min=2).log(), 0.0)


class ResourceAllocation(Shared):
    r"""Add up the common neighbours, :math:`\sum_{u \in N(i) \cap N(j)} 1 / d_u`.

    Shapes:
        adj with N nodes, pairs (2, P) -> (P,)

    Source:
        Zhou, Lü and Zhang, "Predicting missing links via local information", European Physical
        Journal B 71, 2009.
    """

    short = "ra"

    def weight(self, degree: Tensor) -> Tensor:
        return 1 / degree.clamp(min=1)


@measured
class Katz(Heuristic):
    r"""Add up the walks between two nodes, :math:`\sum_{l=1}^{L} \beta^l (A^l)_{ij}`.

    Args:
        beta: what an edge more multiplies a walk by.
        length: L.

    Shapes:
        adj with N nodes, pairs (2, P) -> (P,)

    Raises:
        ValueError: a beta not above 0, a length below 1.

    Cost:
        see :func:`gnnlab.structure.walks.katz.katz_index`.

    Source:
        Katz, "A new status index derived from sociometric analysis", Psychometrika 18, 1953, with
        walks up to a length; both directions of a directed graph are added.
    """

    short = "katz"

    def __init__(self, in_channels: int = 1, *, beta: float = 0.005, length: int = 3) -> None:
        super().__init__(in_channels)
        check_positive("beta", beta)
        check_count("length", length)
        self.beta, self.length = beta, length

    def score(self, adj: Adjacency, pairs: Tensor) -> Tensor:
        from gnnlab.structure.graphs.in_neighbours import simple_rows
        from gnnlab.structure.walks.katz import katz_index

        rows, ends = simple_rows(adj), pairs.cpu().numpy()
        return (
            torch.from_numpy(
                katz_index(rows, ends, self.beta, self.length)
                + katz_index(rows, ends[::-1], self.beta, self.length)
            )
            / 2
        )  # the same twice on an undirected graph


@measured
class PersonalizedPageRank(Heuristic):
    r"""Add up both nodes' PageRank for each other, :math:`\pi_i(j) + \pi_j(i)`.

    :math:`\pi_i(j)` is the chance that a walk from i, which stops at every step with probability
    alpha, stops at j.

    Args:
        alpha: that probability.
        error: on an undirected graph, :math:`\pi_i(j)` is too small by this times the degree of j
            at the most.

    Shapes:
        adj with N nodes, pairs (2, P) -> (P,)

    Raises:
        ValueError: an alpha outside 0..1, an error not above 0.

    Cost:
        see :func:`gnnlab.structure.walks.ppr_push.pair_pagerank`.

    Source:
        Page, Brin, Motwani and Winograd, "The PageRank Citation Ranking", 1999, by the pushes of
        Andersen, Chung and Lang, FOCS 2006.
    """

    short = "ppr"

    def __init__(self, in_channels: int = 1, *, alpha: float = 0.15, error: float = 1e-7) -> None:
        super().__init__(in_channels)
        check_positive("alpha", alpha)
        check_positive("error", error)
        if alpha >= 1:
            raise ValueError(f"alpha is {alpha}, but a walk must go on with some probability")
        self.alpha, self.error = alpha, error

    def score(self, adj: Adjacency, pairs: Tensor) -> Tensor:
        from gnnlab.structure.graphs.in_neighbours import simple_rows
        from gnnlab.structure.walks.ppr_push import pair_pagerank

        rows, ends = simple_rows(adj), pairs.cpu().numpy()
        ways = [pair_pagerank(rows, own, self.alpha, self.error) for own in (ends, ends[::-1])]
        return torch.from_numpy(ways[0] + ways[1])


@measured
class ShortestPath(Heuristic):
    r"""Take one over the number of edges of a shortest path, :math:`1 / d(i, j)`.

    Nodes that no path joins score 0. On a directed graph the shorter way counts.

    Args:
        max_hop: beyond which nodes count as not joined; None looks as far as there is.

    Shapes:
        adj with N nodes, pairs (2, P) -> (P,)

    Raises:
        ValueError: a max_hop below 1.

    Cost:
        see :func:`gnnlab.structure.hops.of_pairs.pair_hops`.

    Source:
        Liben-Nowell and Kleinberg, "The link prediction problem for social networks", CIKM 2003.
    """

    short = "sp"

    def __init__(self, in_channels: int = 1, *, max_hop: int | None = None) -> None:
        super().__init__(in_channels)
        if max_hop is not None:
            check_count("max_hop", max_hop)
        self.max_hop = max_hop

    def score(self, adj: Adjacency, pairs: Tensor) -> Tensor:
        from gnnlab.structure.graphs.in_neighbours import simple_rows
        from gnnlab.structure.hops.bfs import FAR
        from gnnlab.structure.hops.of_pairs import pair_hops

        rows, ends = simple_rows(adj), pairs.cpu().numpy()
        far = FAR if self.max_hop is None else self.max_hop
        ways = np.stack([pair_hops(rows, own, far) for own in (ends, ends[::-1])])
        near = np.where(ways > 0, ways, np.inf).min(0)
        return torch.from_numpy(1 / near)
