"""NCNC: NCN with completion, where a neighbour of one end counts by how likely it is shared."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count, check_number, check_positive, shown
from gnnlab.ops import Adjacency, AdjacencyLike, EdgeDrop, NeighborLists, residual_neighbors
from gnnlab.tasks.link.heads.ncn import NCN

Recursion = Literal["paper", "released"]
MOST = 1 << 16
"""Pairs that are completed at once, which bounds the memory of completing all neighbours."""


@measured
class NCNC(NCN):
    r"""NCN whose sum also takes in the neighbours of one end, by the probability of the other edge.

    .. math:: \sum_{u \in N(i) \cap N(j)} x'_u + \sum_{u \in N(i) \setminus N(j)} p_{ju} x'_u
        + \sum_{u \in N(j) \setminus N(i)} p_{iu} x'_u

    .. math:: p_{ju} = \frac{\alpha \, t \, q}{t q + 1 - q}, \quad
        q = \sigma(\text{scale} \, (s_{ju} - \text{offset}))

    s is the logit of this head with a depth less, NCN's at depth 0, without gradient and in the
    same mode (dropout) as the head.

    Args:
        in_channels: F, the width of h.
        hidden_channels: H.
        depth: how often the sets are completed; 0 is NCN.
        scale: of logits before they become probabilities.
        offset: subtracted from them before.
        pt: t, above 0, which recalibrates q: below 1 it lowers it, 1 leaves it.
        alpha: a factor of the probabilities.
        sampled: at most so many neighbours of either end alone are completed while training, drawn
            at random, each for (their number / sampled); None takes all.
        eval_sampled: the same outside training, drawn by ``seed``.
        recursion: which states the logits s are computed from. ``"paper"`` takes h, as for any
            pair. ``"released"`` takes x', which the recursive call then maps again (its x'' = x' +
            MLP_x(x') and ends x'_j x'_u), and drops edges once more in it.
        **settings: NCN's.

    Shapes:
        h (N, F), adj with N nodes, pairs (2, P) -> logits (P,)

    Raises:
        ValueError: what NCN refuses; a depth below 0, a scale or alpha of 0 or less.

    Cost:
        NCN's for every pair (j, u) and (i, u) beside that for the pairs themselves; at depth d for
        pairs of pairs, and so on.

    Source:
        Wang, Yang and Zhang, "Neural Common Neighbor with Completion for Link Prediction", ICLR
        2024 (https://arxiv.org/abs/2302.00890), whose ``probscale``, ``proboffset``, ``trndeg`` and
        ``tstdeg`` are scale, offset, sampled and eval_sampled.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 256,
        *,
        depth: int = 1,
        scale: float = 5.0,
        offset: float = 3.0,
        pt: float = 0.5,
        alpha: float = 1.0,
        sampled: int | None = None,
        eval_sampled: int | None = None,
        recursion: Recursion = "paper",
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
        super().__init__(
            in_channels,
            hidden_channels,
            dropout=dropout,
            edge_dropout=edge_dropout,
            rescale=rescale,
            norm=norm,
            transform=transform,
            tail_activation=tail_activation,
            two_layers=two_layers,
            beta=beta,
            limit=limit,
            seed=seed,
            sparse_grad=sparse_grad,
        )
        check_count("depth", depth, 0)
        check_positive("scale", scale)
        check_number("offset", offset)
        check_positive("pt", pt)
        check_positive("alpha", alpha)
        for name, value in (("sampled", sampled), ("eval_sampled", eval_sampled)):
            if value is not None:
                check_count(name, value)
        if recursion not in get_args(Recursion):
            raise ValueError(
                f"recursion is {shown(recursion)}, which is neither 'paper' nor 'released'"
            )
        self.depth, self.scale, self.offset, self.pt, self.alpha = depth, scale, offset, pt, alpha
        self.sampled, self.eval_sampled, self.recursion = sampled, eval_sampled, recursion

    def forward(self, h: Tensor, adj: AdjacencyLike, pairs: Tensor) -> Tensor:
        adj = Adjacency.of(adj, h.shape[0])
        return self._completed(h, adj, pairs, self._draw_edges(), 0)

    def _completed(
        self, h: Tensor, adj: Adjacency, pairs: Tensor, drop: EdgeDrop | None, level: int
    ) -> Tensor:
        """The logits of pairs inside so many recursions."""
        common = self._common(adj, pairs, drop)
        parts = [self._found(common, drop)]
        if level < self.depth:
            limit = self.sampled if self.training else self.eval_sampled
            known = common if self.limit is None else None
            sides = residual_neighbors(
                adj, pairs, limit=limit, seed=self._draw(), drop=drop, common=known
            )
            likely = self._likely(h, adj, pairs, sides, drop, level + 1)
            parts += [side.weighted(p) for side, p in zip(sides, likely, strict=True)]
        times = level if self.recursion == "released" else 0
        return self._logits(h, pairs, parts, times)

    @torch.no_grad()
    def _likely(
        self, h: Tensor, adj: Adjacency, pairs: Tensor, sides: tuple[NeighborLists, NeighborLists],
        drop: EdgeDrop | None, level: int,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """How likely each is a neighbour of the other end, times how many it stands for."""
        asked = torch.cat(
            [
                torch.stack([other.repeat_interleave(lists.count), lists.node.long()])
                for lists, other in zip(sides, pairs.flip(0), strict=True)
            ],
            dim=1,
        )
        if drop is not None and self.recursion == "released":  # which drops from what is left
            drop = EdgeDrop(1 - (1 - self.edge_dropout) ** (level + 1), drop.seed)
        blocks = [
            self._completed(h, adj, part, drop, level) for part in torch.split(asked, MOST, 1)
        ]
        chance = self.probability(torch.cat(blocks))
        sizes = [len(lists.node) for lists in sides]
        return tuple(
            part if lists.weight is None else part * lists.weight.to(part.dtype)
            for part, lists in zip(torch.split(chance, sizes), sides, strict=True)
        )

    def probability(self, logit: Tensor) -> Tensor:
        """How likely a link with this logit counts to be, elementwise."""
        q = torch.sigmoid(self.scale * (logit - self.offset))
        return self.alpha * self.pt * q / (self.pt * q + 1 - q)
