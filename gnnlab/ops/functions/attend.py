"""Attention over incoming edges: score, softmax and weighted sum in one pass."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.core.arguments import check_number
from gnnlab.ops.base.precision import HALF
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float


def attend(
    value: Tensor,
    adj: AdjacencyLike,
    *,
    source: Tensor | None = None,
    target: Tensor | None = None,
    query: Tensor | None = None,
    key: Tensor | None = None,
    slope: float = 0.2,
    scale: float | None = None,
    weight: Tensor | None = None,
) -> Tensor:
    r"""Average the in-neighbours' values, weighted by a softmax of scores, in K heads.

    .. math:: y_i = \sum_{e = (j, i)} w_e \operatorname{softmax}_e(s_e) \, v_j, \quad
        s_e = \operatorname{LeakyReLU}(a_j + b_i) \ \text{or} \ c \langle q_i, k_j \rangle

    Give ``source`` a and ``target`` b for additive scores, or ``query`` q and ``key`` k for inner
    products; they are turned to the dtype of value, or to float32 where that is half precision. A
    node without incoming edges gets 0. The compiled backends make no tensor with one
    row of features per edge, and keep two numbers per node and head for the gradient, which
    computes the softmax again.

    Args:
        value: what is averaged.
        adj: the graph, anything that ``Adjacency.of`` takes.
        source: scores read at the source.
        target: scores read at the target.
        query: features read at the target.
        key: features read at the source.
        slope: of the LeakyReLU below 0.
        scale: c; by default 1 / sqrt(D).
        weight: one factor per edge, or per edge and head, applied after the softmax.

    Shapes:
        value (N, K, F), source and target (N, K) or query and key (N, K, D),
        weight (E,) or (E, K) -> (N, K, F)

    Raises:
        ValueError: neither or both kinds of scores are given, or shapes, dtypes, devices or the
            node count do not fit.

    Source:
        Veličković et al., "Graph Attention Networks", ICLR 2018, eq. 3-4
        (https://arxiv.org/abs/1710.10903); Vaswani et al., "Attention is all you need", NeurIPS
        2017, eq. 1 (https://arxiv.org/abs/1706.03762).

    Example:
        >>> edge_index = torch.tensor([[0, 1], [2, 2]])
        >>> value, score = torch.tensor([[[1.0]], [[3.0]], [[5.0]]]), torch.zeros(3, 1)
        >>> attend(value, edge_index, source=score, target=score).flatten().tolist()
        [0.0, 0.0, 2.0]
    """
    check_float("value", value, (3,), "(N, K, F)")
    check_number("slope", slope)
    if scale is not None:
        check_number("scale", scale)
    adj = Adjacency.of(adj, value.shape[0])
    check_device("value", value, adj)
    if weight is not None:
        check_float("weight", weight, (1, 2), "(E,) or (E, K)")
        check_edges("weight", weight, adj)
        if weight.dim() == 2 and weight.shape[1] != value.shape[1]:
            raise ValueError(
                f"weight {tuple(weight.shape)} has a column per head, so value must be "
                f"(N, {weight.shape[1]}, F), not {tuple(value.shape)}"
            )
        weight = weight.to(torch.float32 if value.dtype in HALF else value.dtype)
    if source is not None and target is not None and query is None and key is None:
        _check_ends({"source": source, "target": target}, value, adj, 2)
        ends = (source, target)
        compute = kernel("attend_additive", value, *ends, weight)
        out: Tensor = compute(value, adj, *ends, slope, weight)
        return out
    if query is not None and key is not None and source is None and target is None:
        _check_ends({"query": query, "key": key}, value, adj, 3)
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        compute = kernel("attend_product", value, query, key, weight)
        out = compute(value, adj, query, key, scale, weight)
        return out
    raise ValueError("give source and target, or query and key: one kind of scores, whole")


def _check_ends(ends: dict[str, Tensor], value: Tensor, adj: Adjacency, dims: int) -> None:
    (first, one), (second, other) = ends.items()
    shape = "(N, K)" if dims == 2 else "(N, K, D)"
    for name, end in ends.items():
        check_float(name, end, (dims,), shape)
        check_device(name, end, adj)
        if end.shape[:2] != value.shape[:2]:
            raise ValueError(
                f"{name} {tuple(end.shape)} does not fit value {tuple(value.shape)}: "
                f"{name} is {shape} and value (N, K, F)"
            )
    if one.shape != other.shape:
        raise ValueError(
            f"{first} {tuple(one.shape)} and {second} {tuple(other.shape)} must have one shape"
        )
