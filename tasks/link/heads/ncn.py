"""NCN (Neural Common Neighbor): a link's score from its ends' and its common neighbours' states."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import (
    check_count,
    check_counts,
    check_flag,
    check_number,
    check_share,
    check_whole,
)
from gnnlab.ops import (
    Adjacency,
    AdjacencyLike,
    EdgeDrop,
    NeighborLists,
    common_neighbors,
    gather,
    neighbor_sum,
)
from gnnlab.ops.functions.touched_rows import touched_rows
from gnnlab.ops.graphs.neighbor_lists import stacked
from gnnlab.tasks.link.heads.pair_head import PairHead
from gnnlab.tasks.link.heads.pair_mlp import PairMLP

Parts = Sequence[NeighborLists]
"""Lists of each pair, of one kind or several."""
BLOCK = 4096
"""Pairs that go through the maps at once without gradients, so that they stay in the cache."""


@measured
class NCN(PairHead):
    r"""Score pairs of nodes by both ends' states and the sum of their common neighbours' states.

    .. math:: s_{ij} = \operatorname{MLP}\Bigl(\beta \operatorname{MLP}_{cn}\Bigl(
        \sum_{u \in N(i) \cap N(j)} x'_u\Bigr) + \operatorname{MLP}_{ij}(x_i \odot x_j)\Bigr),
        \quad x' = x + \operatorname{MLP}_x(x)

    N are the in-neighbours, so that a directed graph is read along its edges' targets. Only rows of
    h that a pair or a common neighbour names are read, mapped and differentiated.

    Args:
        in_channels: F, the width of h.
        hidden_channels: H.
        dropout: after each hidden map.
        edge_dropout: each edge is left out of the search with this probability while training, each
            direction by itself.
        rescale: divide what the search still finds by the probability of finding it, (1 - p)^2 for
            a common neighbour, whose two edges must both be there. The release writes 1 / (1 - p)
            into the edges and then loses it in the intersection: False is what it computes.
        norm: LayerNorm in the maps.
        transform: add :math:`\operatorname{MLP}_x(x)`; else x' = x.
        tail_activation: MLP_cn and MLP_ij end in their last ReLU and have no Linear after it.
        two_layers: two hidden maps in the last MLP, not one.
        beta: where the learned :math:`\beta` starts.
        limit: draw so many neighbours at most of a pair's smaller end (see
            :func:`gnnlab.ops.common_neighbors`); None takes all.
        seed: of the draws outside training.
        sparse_grad: give h, a leaf, a sparse gradient of the rows that were read.

    Shapes:
        h (N, F), adj with N nodes, pairs (2, P) -> logits (P,)

    Raises:
        ValueError: a width below 1, a probability outside 0..1, pairs that do not fit.

    Source:
        Wang, Yang and Zhang, "Neural Common Neighbor with Completion for Link Prediction", ICLR
        2024 (https://arxiv.org/abs/2302.00890). Its settings: ``use_xlin`` is transform,
        ``tailact`` tail_activation, ``twolayerlin`` two_layers, ``lnnn`` norm, ``predp`` dropout,
        ``preedp`` edge_dropout with rescale=False. Its ``cndeg`` draws from the common neighbours,
        where limit draws before the search.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 256,
        *,
        dropout: float = 0.0,
        edge_dropout: float = 0.0,
        rescale: bool = True,
        norm: bool = True,
        transform: bool = True,
        tail_activation: bool = True,
        two_layers: bool = False,
        beta: float = 1.0,
        limit: int | None = None,
        seed: int = 0,
        sparse_grad: bool = False,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, hidden_channels=hidden_channels)
        check_share("dropout", dropout)
        check_share("edge_dropout", edge_dropout)
        check_number("beta", beta)
        check_whole("seed", seed)
        flags = {"rescale": rescale, "norm": norm, "transform": transform}
        flags |= {"tail_activation": tail_activation, "two_layers": two_layers}
        for name, value in (flags | {"sparse_grad": sparse_grad}).items():
            check_flag(name, value)
        if edge_dropout == 1:
            raise ValueError("edge_dropout is 1, which leaves no edge: take less")
        if limit is not None:
            check_count("limit", limit)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.edge_dropout, self.rescale = edge_dropout, rescale
        self.limit, self.seed, self.sparse_grad, self.start = limit, seed, sparse_grad, beta
        wide, tail = hidden_channels, None if tail_activation else hidden_channels
        self.transform = (
            PairMLP([in_channels, wide, in_channels], [False, norm], dropout=dropout)
            if transform
            else None
        )
        self.common = PairMLP([in_channels, wide, wide], [False, norm], tail, dropout=dropout)
        self.ends = PairMLP([in_channels, wide], [norm], tail, dropout=dropout)
        steps = 2 if two_layers else 1
        self.score = PairMLP([wide] * (steps + 1), [norm] * steps, 1, dropout=dropout)
        self.beta = nn.Parameter(torch.tensor([float(beta)]))

    def forward(self, h: Tensor, adj: AdjacencyLike, pairs: Tensor) -> Tensor:
        adj = Adjacency.of(adj, h.shape[0])
        drop = self._draw_edges()
        lists = self._common(adj, pairs, drop)
        return self._logits(h, pairs, [self._found(lists, drop)])

    def _common(self, adj: Adjacency, pairs: Tensor, drop: EdgeDrop | None) -> NeighborLists:
        return common_neighbors(adj, pairs, limit=self.limit, seed=self._draw(), drop=drop)

    def _logits(self, h: Tensor, pairs: Tensor, parts: Parts, times: int = 0) -> Tensor:
        """Score pairs by sums over lists, of states that were mapped so many times before."""
        if h.shape[1] != self.in_channels:
            raise ValueError(
                f"h is {h.shape[1]} wide, but the head was built for in_channels={self.in_channels}"
            )
        nodes = torch.cat([lists.node for lists in parts])
        rows, place = h, torch.cat([pairs.flatten(), nodes.long()])
        if times or torch.is_grad_enabled():  # else rows are read where they lie
            rows, place = touched_rows(h, place, self.sparse_grad)
        for _ in range(times):
            rows = self._mapped(rows)
        filled = self._filled(parts)
        shared = self._sum(rows, place[pairs.numel() :], parts, filled)
        common = self._spread(shared, filled, pairs.shape[1])
        ends = place[: pairs.numel()].long().reshape(2, -1)
        if torch.is_grad_enabled():
            return self._scored(rows, ends, common)
        blocks = zip(torch.split(ends, BLOCK, 1), torch.split(common, BLOCK), strict=True)
        return torch.cat([self._scored(rows, *block) for block in blocks])

    def _filled(self, parts: Parts) -> Tensor | None:
        """Which pairs have a neighbour in a list; None where every pair has to be mapped.

        Without dropout MLP_cn(0) is the same for all pairs, of which most may share nothing.
        """
        if self.training and self.common.dropout:
            return None
        return reduce(add, (lists.count for lists in parts)).nonzero().flatten()

    def _spread(self, shared: Tensor, filled: Tensor | None, pairs: int) -> Tensor:
        """MLP_cn of the sums, given for the pairs that are filled, for all pairs."""
        if filled is None:
            return self._blocks(shared)
        none: Tensor = self.common(shared.new_zeros(1, shared.shape[1]))
        return none.expand(pairs, -1).index_copy(0, filled, self._blocks(shared))

    def _blocks(self, shared: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            found: Tensor = self.common(shared)
            return found
        return torch.cat([self.common(block) for block in torch.split(shared, BLOCK)])

    def _scored(self, rows: Tensor, ends: Tensor, common: Tensor) -> Tensor:
        """Score pairs of rows, given what their common neighbours say."""
        if torch.is_grad_enabled():
            graph = Adjacency(ends, len(rows))  # whose gradient is a sorted sum
            product = gather(rows, graph, "source") * gather(rows, graph, "target")
        else:
            product = rows.index_select(0, ends[0]).mul_(rows.index_select(0, ends[1]))
        out: Tensor = self.score(torch.addcmul(self.ends(product), self.beta, common))
        return out.squeeze(1)

    def _mapped(self, x: Tensor) -> Tensor:
        """x'."""
        if self.transform is None:
            return x
        return torch.cat([part + self.transform(part) for part in torch.split(x, BLOCK)])

    def _sum(self, rows: Tensor, place: Tensor, parts: Parts, filled: Tensor | None) -> Tensor:
        """Add up x' over the lists of the filled pairs; their nodes lie at places of the rows."""
        rows, place = touched_rows(rows, place)
        x, kinds, pairs = self._mapped(rows), len(parts), len(parts[0])
        if filled is not None:
            filled = torch.cat([filled + kind * pairs for kind in range(kinds)])
        total = neighbor_sum(x, stacked(parts).renamed(place, len(x), filled))
        return reduce(add, total.chunk(kinds))

    def _draw_edges(self) -> EdgeDrop | None:
        if not self.training or self.edge_dropout == 0:
            return None
        return EdgeDrop(self.edge_dropout, _random())

    def _draw(self) -> int:
        """The seed of a batch's draws, which outside training are always the same."""
        return _random() if self.training else self.seed

    def _found(self, lists: NeighborLists, drop: EdgeDrop | None) -> NeighborLists:
        """Common neighbours by what each stands for that needed two edges to be found."""
        if drop is None or not self.rescale:
            return lists
        return lists.weighted(lists.stands * (1 - drop.p) ** -2)

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for module in (self.transform, self.common, self.ends, self.score):
            if module is not None:
                module.reset_parameters()
        nn.init.constant_(self.beta, self.start)


def _random() -> int:
    return int(torch.randint(2**63 - 1, ()))
