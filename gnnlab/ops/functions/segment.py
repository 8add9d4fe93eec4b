"""Segment reductions and the largest items of segments; gather and scatter of edges."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, shown
from gnnlab.ops.autograd.touched_rows import SparseGather
from gnnlab.ops.base.bounds import check_rows
from gnnlab.ops.functions.checks import check_reduce
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.adjacency import Adjacency, AdjacencyLike
from gnnlab.ops.graphs.segments import segments
from gnnlab.ops.graphs.tensors import check_device, check_edges, check_float


def gather(x: Tensor, adj: AdjacencyLike, end: str = "source", sparse_grad: bool = False) -> Tensor:
    """Read a node tensor at one end of every edge; the gradient is a sorted sum.

    Where the edges are a batch of few pairs, rows that none of them touches are not visited by the
    gradient either. A table of parameters can receive those rows alone: see ``sparse_grad``.

    Args:
        x: one row per node.
        adj: the graph, anything that ``Adjacency.of`` takes.
        end: ``"source"`` or ``"target"``.
        sparse_grad: give x a sparse gradient of the rows that were read, as
            ``torch.nn.Embedding(sparse=True)`` does: for leaves, under optimisers that take it
            (SGD, SparseAdam, Adagrad). It cannot be differentiated again.

    Shapes:
        x (N, ...) -> (E, ...), in the caller's order of edges

    Raises:
        ValueError: ``end`` is unknown, x does not fit the graph, or ``sparse_grad`` under
            ``torch.compile``.

    Example:
        >>> gather(torch.tensor([5.0, 7.0]), torch.tensor([[0, 1, 1], [1, 0, 1]])).tolist()
        [5.0, 7.0, 7.0]
    """
    if not isinstance(x, Tensor) or x.dim() == 0:
        raise ValueError("x must be a tensor with one row per node")
    if not isinstance(sparse_grad, bool):
        raise ValueError(f"sparse_grad is {shown(sparse_grad)}, but it is True or False")
    adj = Adjacency.of(adj, x.shape[0])
    check_device("x", x, adj)
    grouped = at_end(adj, end)
    if torch.compiler.is_compiling():
        from gnnlab.ops.operators import backend as operators

        if sparse_grad:
            raise ValueError("torch.compile knows no sparse gradients: gather without sparse_grad")
        return operators.gather(x, operators.traced(grouped))
    if sparse_grad:
        return SparseGather.call(x, grouped._target, grouped._rows)
    out: Tensor = kernel("gather", x)(x, grouped._target, grouped._rows)
    return out


def edge_sum(values: Tensor, adj: AdjacencyLike, end: str = "target") -> Tensor:
    r"""Add up what the edges hold at one of their ends: the gradient of :func:`gather`.

    .. math:: y_i = \sum_{e \to i} v_e

    Args:
        values: one row per edge, in the caller's order of edges; floating point.
        adj: the graph, anything that ``Adjacency.of`` takes.
        end: ``"target"`` or ``"source"``.

    Shapes:
        values (E, ...) -> (N, ...)

    Raises:
        ValueError: ``end`` is unknown, or values do not fit the graph.

    Example:
        >>> edge_sum(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([[0, 1, 1], [1, 0, 1]])).tolist()
        [2.0, 5.0]
    """
    return edge_reduce(values, adj, "sum", end)


def edge_reduce(
    values: Tensor, adj: AdjacencyLike, reduce: str = "sum", end: str = "target"
) -> Tensor:
    r"""Reduce what the edges hold at one of their ends.

    .. math:: y_i = \operatorname{reduce}_{e \to i} v_e

    Args:
        values: one row per edge, in the caller's order of edges; floating point.
        adj: the graph, anything that ``Adjacency.of`` takes.
        reduce: ``"sum"``, ``"mean"``, ``"max"`` or ``"min"``; a node without edges gets 0.
        end: ``"target"`` or ``"source"``.

    Shapes:
        values (E, ...) -> (N, ...)

    Raises:
        ValueError: ``reduce`` or ``end`` is unknown, or values do not fit the graph.

    Example:
        >>> edge_index = torch.tensor([[0, 1, 1], [1, 0, 1]])
        >>> edge_reduce(torch.tensor([1.0, 2.0, 4.0]), edge_index, "max").tolist()
        [2.0, 4.0]
    """
    adj = at_end(Adjacency.of(adj), end)
    check_float("values", values, tuple(range(1, 9)), "(E, ...)")
    check_reduce(reduce)
    check_edges("values", values, adj)
    if torch.compiler.is_compiling():
        from gnnlab.ops.operators import backend as operators

        graph = operators.traced(adj).without_loops("edge_reduce")
        if reduce != "sum":
            return operators.segment_reduce(values, graph.target, graph.num_nodes, reduce)
        return operators.edge_sum(values, graph)
    out: Tensor = kernel("segment_reduce", values)(values, adj._target, adj._rows, reduce)
    return out


def at_end(adj: Adjacency, end: str) -> Adjacency:
    """The adjacency whose targets are this end of the edges."""
    if not isinstance(end, str) or end not in ("source", "target"):
        raise ValueError(f"end must be 'source' or 'target', not {shown(end)}")
    return adj if end == "target" else adj.transpose


def segment_reduce(values: Tensor, index: Tensor, num_segments: int, reduce: str = "sum") -> Tensor:
    r"""Reduce items by the segment each belongs to, such as nodes by their graph.

    .. math:: y_s = \operatorname{reduce}_{m : index_m = s} v_m

    Args:
        values: floating point.
        index: int64, the segment of each item, in any order; sorted once per tensor.
        num_segments: S.
        reduce: ``"sum"``, ``"mean"``, ``"max"`` or ``"min"``; an empty segment gives 0.

    Shapes:
        values (M, ...), index (M,) -> (S, ...)

    Raises:
        ValueError: shapes or dtypes do not fit, or an index lies outside ``0..S-1``.

    Example:
        >>> segment_reduce(torch.tensor([1.0, 2.0, 5.0]), torch.tensor([1, 0, 1]), 2).tolist()
        [2.0, 6.0]
    """
    check_float("values", values, tuple(range(1, 9)), "(M, ...)")
    check_reduce(reduce)
    check_rows("num_segments", num_segments, 0)
    if torch.compiler.is_compiling():
        from gnnlab.ops.operators import backend as operators

        return operators.segment_reduce(values, index, num_segments, reduce)
    rows = segments(values, index, num_segments)
    out: Tensor = kernel("segment_reduce", values)(values, index, rows, reduce)
    return out


def segment_topk(values: Tensor, index: Tensor, num_segments: int, k: int | Tensor) -> Tensor:
    """Positions of the k largest items of each segment.

    They come segment after segment, in each the largest first; of equal items the one that stands
    first. A segment of fewer than k items gives all of its own. ``nan`` counts as the largest, as
    in ``torch.topk``. Nothing flows back: read the values there, ``values[positions]``.

    Args:
        values: one number an item; floating point.
        index: int64, the segment of each item, in any order.
        num_segments: S.
        k: how many of each segment, or an int64 tensor (S,), how many of which.

    Shapes:
        values (M,), index (M,) -> (P,) int64, P at most S k

    Raises:
        ValueError: shapes or dtypes do not fit, an index lies outside ``0..S-1``, or k is negative.

    Cost:
        O(M log M)

    Example:
        >>> values, index = torch.tensor([1.0, 5.0, 2.0, 4.0]), torch.tensor([0, 1, 1, 1])
        >>> segment_topk(values, index, 2, k=2).tolist()
        [0, 1, 3]
    """
    check_float("values", values, (1,), "(M,)")
    check_rows("num_segments", num_segments, 0)
    segments(values, index, num_segments)  # checks the index
    counts = _counts(k, num_segments, values.device)
    found: Tensor = kernel("segment_topk", values)(values.detach(), index, counts)
    return found


def _counts(k: int | Tensor, num_segments: int, device: torch.device) -> Tensor:
    """How many items of each segment, (S,)."""
    if not isinstance(k, Tensor):
        check_count("k", k, 0)
        return torch.full((num_segments,), k, device=device)
    if k.dtype != torch.int64 or k.shape != (num_segments,):
        raise ValueError(
            f"k is {k.dtype} {tuple(k.shape)}, but it is a whole number, or an int64 tensor "
            f"({num_segments},) with one for each segment"
        )
    if k.numel() and int(k.min()) < 0:
        raise ValueError(f"k holds {shown(int(k.min()))}, but it is 0 or more for every segment")
    return k.to(device)
