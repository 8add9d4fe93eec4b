"""Negative sampling: pairs of nodes that are no true links, drawn anew for every step."""

from __future__ import annotations

import torch
from torch import Tensor

TRIES = 10


def draw_strangers(
    pairs: Tensor, ptr: Tensor, count: int, generator: torch.Generator | None = None
) -> Tensor:
    r"""Draw pairs (u, w) for every true pair (u, v), w any node of u's graph but u's partners.

    .. math:: w \sim \operatorname{uniform}(V_u \setminus \{v : (u, v) \text{ is true}\})

    All are different. u itself may be drawn. What is a partner or a repeat is drawn again, ten
    times at most, and then left out, so that a node with few strangers gets fewer pairs.

    Args:
        pairs: the true pairs of all graphs.
        ptr: where each graph's nodes begin, and where the last ones end.
        count: pairs for every true pair.
        generator: of the CPU; torch's own if None.

    Shapes:
        pairs (2, P) int64, ptr (B + 1,) -> (2, at most count P)

    Cost: O(count P log P) a try.

    Source:
        The code of Dwivedi et al., "Long Range Graph Benchmark", NeurIPS 2022
        (https://arxiv.org/abs/2206.08164), which draws two for every contact.
    """
    nodes = int(ptr[-1])
    first = pairs[0].repeat_interleave(count)
    graph = torch.searchsorted(ptr, first, right=True) - 1
    begin, size = ptr[graph], ptr.diff()[graph]
    true = pairs[0] * nodes + pairs[1]
    drawn = begin + _below(size, generator)
    for _ in range(TRIES):
        wrong = _taken(first * nodes + drawn, true)
        if not bool(wrong.any()):
            break
        again = begin[wrong] + _below(size[wrong], generator)
        drawn = drawn.masked_scatter(wrong, again)
    kept = ~_taken(first * nodes + drawn, true)
    return torch.stack([first, drawn])[:, kept]


def _below(size: Tensor, generator: torch.Generator | None) -> Tensor:
    """A whole number from 0 below each size, drawn on the CPU so that devices agree."""
    share = torch.rand(len(size), dtype=torch.float64, generator=generator)
    return (share.to(size.device) * size).long()


def _taken(keys: Tensor, true: Tensor) -> Tensor:
    """Which are true, or are there before."""
    order = keys.argsort(stable=True)
    again = torch.zeros_like(keys, dtype=torch.bool)
    again[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return again | torch.isin(keys, true)
