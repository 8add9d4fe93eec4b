"""Edge products in Triton: inner products along edges, also for gradients of weights and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl
from torch import Tensor

from gnnlab.ops.backends.triton.launch import INTERPRETED, accumulator, launch, narrow, offsets
from gnnlab.ops.base.precision import wide

if TYPE_CHECKING:
    from gnnlab.ops.graphs.adjacency import Adjacency

NUMBERS, WARPS = 2048, 4
"""What a program holds. Fixed: a product is added up across threads, in an order they set."""


@triton.jit
def pair_kernel(
    out, left, right, source, target, picked, count, width, lefts, rights,
    OUTER: tl.constexpr, PAIRS: tl.constexpr, FEATURES: tl.constexpr, ACC: tl.constexpr,
):  # fmt: skip
    """out[n] = <left[i, a], right[j, b]> for the edge (j, i) and the parts a, b that n stands for.

    With ``picked`` a feature counts only where it names the edge.
    """
    n = tl.program_id(0).to(tl.int64) * PAIRS + tl.arange(0, PAIRS)
    inside = n < count
    if OUTER:
        e = n // (lefts * rights)
        a, b = n // rights % lefts, n % rights
    else:
        e = n // lefts
        a = n % lefts
        b = a
    a += tl.load(target + e, mask=inside, other=0) * lefts
    b += tl.load(source + e, mask=inside, other=0) * rights
    product = tl.zeros((PAIRS, FEATURES), ACC)
    for first in range(0, width, FEATURES):
        f = first + tl.arange(0, FEATURES)
        wanted = inside[:, None] & (f < width)[None, :]
        if picked is not None:
            chosen = tl.load(picked + offsets(a, width, f), mask=wanted, other=-1)
            wanted = wanted & (chosen == e[:, None])
        one = tl.load(left + offsets(a, width, f), mask=wanted, other=0).to(ACC)
        product += one * tl.load(right + offsets(b, width, f), mask=wanted, other=0).to(ACC)
    tl.store(out + n, narrow(tl.sum(product, 1), out), mask=inside)


def edge_dot(query: Tensor, key: Tensor, adj: Adjacency) -> Tensor:
    """Inner products of both ends of every edge."""
    heads = query.shape[1] if query.dim() == 3 else 1
    out = query.new_empty((adj.num_edges, *query.shape[1:-1]), dtype=wide(query))
    _pairs(out, query, key, adj, (query.shape[-1], heads, heads), False)
    return out


def outer(left: Tensor, right: Tensor, adj: Adjacency) -> Tensor:
    """Inner products over channels of the stalks at both ends."""
    out = left.new_empty((adj.num_edges, left.shape[1], right.shape[1]))
    _pairs(out, left, right, adj, (left.shape[2], left.shape[1], right.shape[1]), True)
    return out


def extreme_grad_weight(
    grad: Tensor, x: Tensor, weight: Tensor, adj: Adjacency, arg: Tensor
) -> Tensor:
    """What the weights receive from the rows that picked their edges."""
    out = torch.empty_like(weight, memory_format=torch.contiguous_format)
    heads = weight.shape[1:].numel()
    sizes = x.shape[1:].numel() // max(heads, 1), heads, heads
    _pairs(out, grad, x, adj, sizes, False, arg)
    return out


def _pairs(
    out: Tensor, left: Tensor, right: Tensor, adj: Adjacency, sizes: tuple[int, int, int],
    outer: bool, picked: Tensor | None = None,
) -> None:  # fmt: skip
    width, count = sizes[0], out.numel()
    features = min(triton.next_power_of_2(max(width, 1)), 128)
    pairs = NUMBERS // features
    if INTERPRETED:
        pairs = max(pairs, 1024)
    launch(
        pair_kernel, (triton.cdiv(count, pairs),), left, out, left.contiguous(),
        right.contiguous(), adj._source, adj._target, picked, count, *sizes, OUTER=outer,
        PAIRS=pairs, FEATURES=features, ACC=accumulator(left), num_warps=WARPS,
    )  # fmt: skip
