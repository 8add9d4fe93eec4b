r"""Ranks of a node's true partners among all nodes of its graph, from a matrix of scores.

PCQM-Contact has three such numbers in the literature, which differ in whom a true pair (u, v) is
ranked against: ``raw``, all nodes w but v, other partners of u and u itself included;
``filtered``, those that are no partner of u; ``extended``, those of them that are not u itself.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from gnnlab.core.arguments import shown

Against = Literal["extended", "filtered", "raw"]


def ranks(scores: Tensor, pairs: Tensor, against: Against = "filtered") -> Tensor:
    r"""Return the rank of every true pair's second node for its first, from 1; a tie counts a half.

    .. math:: r_{uv} = 1 + \sum_{w \in W_{uv}} [s_{uw} > s_{uv}] + [s_{uw} = s_{uv}] / 2

    Pairs are as directed as they are given: v is ranked for u, and is a partner of u alone.

    Args:
        scores: of one graph; row u holds what u is to every node.
        pairs: the true pairs (u, v), each once.
        against: which nodes W are, see this module.

    Shapes:
        scores (N, N), pairs (2, P) int64 -> (P,) float64

    Raises:
        ValueError: shapes that do not go together, a node that is not there, scores that are nan,
            another ``against``.

    Cost: O(P N)

    Source:
        Dwivedi et al., "Long Range Graph Benchmark", NeurIPS 2022 (https://arxiv.org/abs/2206.08164)
        for ``raw``; Tönshoff et al., "Where Did the Gap Go? Reassessing the Long-Range Graph
        Benchmark", TMLR 2024 (https://arxiv.org/abs/2309.00367) for the others. Their code leaves
        the order of ties to the sorting.
    """
    _check(scores, pairs, against)
    first, second = pairs
    rows = scores.detach()[first]
    own = rows.gather(1, second[:, None])
    others = torch.ones_like(rows, dtype=torch.bool)
    if against != "raw":
        partners = torch.zeros_like(scores, dtype=torch.bool)
        partners[first, second] = True
        others = ~partners[first]
    if against == "extended":
        others.scatter_(1, first[:, None], False)
    others.scatter_(1, second[:, None], False)
    above = ((rows > own) & others).sum(1)
    level = ((rows == own) & others).sum(1)
    return 1 + above.double() + level.double() / 2


def mrr(scores: Tensor, pairs: Tensor, against: Against = "filtered") -> float:
    r"""Return the mean reciprocal rank of one graph's true pairs.

    .. math:: \frac{1}{P} \sum_{(u, v)} 1 / r_{uv}

    The number of a dataset is the mean over its graphs, not over all of their pairs. (The release
    counts a graph without a pair as 0 in ``raw``, and leaves it out of the others.)

    Args:
        scores, pairs, against: as for :func:`ranks`.

    Shapes:
        scores (N, N), pairs (2, P) int64

    Raises:
        ValueError: no pair, or what :func:`ranks` refuses.
    """
    found = ranks(scores, pairs, against)
    if not len(found):
        raise ValueError(
            "pairs is empty, so there is no rank to take a mean of: leave the graph out"
        )
    return float(found.reciprocal().mean())


def _check(scores: Tensor, pairs: Tensor, against: str) -> None:
    if against not in get_args(Against):
        raise ValueError(
            f"against is {shown(against)}, which is none of {', '.join(get_args(Against))}"
        )
    if scores.dim() != 2 or scores.shape[0] != scores.shape[1]:
        raise ValueError(
            f"scores has shape {tuple(scores.shape)}, but one graph's are (N, N): a row a node"
        )
    if pairs.dim() != 2 or len(pairs) != 2 or pairs.dtype != torch.int64:
        raise ValueError(
            f"pairs has shape {tuple(pairs.shape)} and {pairs.dtype}, but it must be (2, P) int64"
        )
    if pairs.numel() and not 0 <= int(pairs.min()) <= int(pairs.max()) < len(scores):
        worst = int(pairs.min()) if int(pairs.min()) < 0 else int(pairs.max())
        raise ValueError(f"pairs names node {worst}, but scores is of {len(scores)} nodes")
    if bool(scores.isnan().any()):
        raise ValueError("scores hold nan, so there is no order among them: did training diverge?")
