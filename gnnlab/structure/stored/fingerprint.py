"""Fingerprints: hashes of graphs, and checksums of the tensors stored with them."""

from __future__ import annotations

import hashlib
import zlib
from functools import partial

import numpy as np
from torch import Tensor

from gnnlab.ops import remember
from gnnlab.structure.graphs.graph import Graph
from gnnlab.structure.graphs.pair_keys import Array, distinct

Bounds = tuple[int, ...]
"""The first node of each graph of a batch, and how many nodes there are."""


def graph_digests(edge_index: Tensor, bounds: Bounds) -> tuple[str, ...]:
    """A hash of the simple directed graph of each graph of a batch, the same whatever is beside it.

    Self-loops, repeats and the order of edges count for nothing. An edge between two graphs gives
    the one that it leaves a hash that no graph has.

    Args:
        edge_index: (2, E) int64 of all graphs.
        bounds: where the nodes of each begin, and N.

    Cost:
        sorts the edges, and hashes 8 bytes for each, once for as long as the tensor lives
        unchanged.

    Example:
        >>> edges = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
        >>> one, other = graph_digests(edges, (0, 2, 4))
        >>> one == other, (one,) == graph_digests(edges[:, [1, 0, 0]], (0, 2))
        (True, True)
    """
    return remember(edge_index, ("digests", bounds), partial(_graph_digests, edge_index, bounds))


def graph_digest(graph: Graph) -> str:
    """The same of a graph that has been read."""
    source, target = graph.arcs
    return _digest(graph.num_nodes, source * graph.num_nodes + target)


def row_digests(edge_index: Tensor, bounds: Bounds) -> tuple[str, ...]:
    """A hash of the rows of each graph's ``edge_index`` in their order, for what has one for each.

    Graphs whose rows do not lie one after the other have none that any graph has.
    """
    return remember(edge_index, ("row digests", bounds), partial(_row_digests, edge_index, bounds))


def checksum(values: Tensor) -> str:
    """Eight digits that tell a tensor from what an edit leaves of it, once while it lives.

    Doubles count as the singles that they are rounded to, so that a tensor cast to double has the
    same; shorter floats have none, "".

    Example:
        >>> x = torch.tensor([0.5, 2.0])
        >>> checksum(x) == checksum(x.double()), checksum(x) == checksum(x.flip(0))
        (True, False)
    """
    return remember(values, "checksum", partial(checksum_of, values))


def checksum_of(values: Tensor) -> str:
    """The checksum of a tensor that is not kept."""
    numbers = _numbers(values)
    return "" if numbers is None else _sum(numbers)


def part_checksums(values: Tensor, cuts: Bounds, bounds: Bounds | None) -> list[str]:
    """The checksum of each graph's part of what lies joined in a batch, once while it lives.

    Args:
        values: joined along the first axis, or the last where they are node numbers.
        cuts: where the part of each graph begins, and where the last one ends.
        bounds: where the nodes of each graph begin, if they are node numbers, which PyG has raised.
    """
    told = ("checksums", cuts, bounds)
    return remember(values, told, partial(_part_checksums, values, cuts, bounds))


def _part_checksums(values: Tensor, cuts: Bounds, bounds: Bounds | None) -> list[str]:
    numbers = _numbers(values)
    if numbers is None:
        return [""] * (len(cuts) - 1)
    if bounds is not None:
        numbers = numbers - np.repeat(bounds[:-1], np.diff(cuts))
    return [
        _sum(np.ascontiguousarray(numbers[..., a:b] if bounds else numbers[a:b]))
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    ]


def _numbers(values: Tensor) -> Array | None:
    """What counts of a tensor; nothing of floats that may have been rounded."""
    values = values.detach()
    if values.is_floating_point():
        if values.element_size() < 4:
            return None
        values = values.float()
    return values.cpu().contiguous().numpy()


def _sum(numbers: Array) -> str:
    return f"{zlib.crc32(numbers.data if numbers.size else b''):08x}"


def _graph_digests(edge_index: Tensor, bounds: Bounds) -> tuple[str, ...]:
    source, target = edge_index.detach().cpu().numpy()
    cuts, total = np.array(bounds, np.int64), max(bounds[-1], 1)
    keys = source * total + target
    if not (different := source != target).all():
        keys = keys[different]
    if not (keys[1:] > keys[:-1]).all():
        keys = distinct(keys)
    source, target = np.divmod(keys, total)
    ends = np.searchsorted(source, cuts)
    spread = np.diff(ends)
    first, nodes = cuts[:-1].repeat(spread), np.diff(cuts).repeat(spread)
    target = target - first
    keys = np.where((target < 0) | (target >= nodes), -1, (source - first) * nodes + target)
    each = zip(np.diff(cuts).tolist(), ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return tuple(_digest(size, keys[begin:end]) for size, begin, end in each)


def _row_digests(edge_index: Tensor, bounds: Bounds) -> tuple[str, ...]:
    rows, cuts = edge_index.detach().cpu().numpy(), np.array(bounds, np.int64)
    graph = np.searchsorted(cuts, rows[0], side="right") - 1
    if (graph[1:] < graph[:-1]).any():
        return ("",) * (len(cuts) - 1)
    ends = np.searchsorted(graph, np.arange(len(cuts)))
    rows = rows - cuts[graph]
    each = zip(np.diff(cuts).tolist(), ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return tuple(_digest(size, rows[:, begin:end]) for size, begin, end in each)


def _digest(num_nodes: int, numbers: Array) -> str:
    digest = hashlib.sha256(f"{num_nodes} ".encode())
    digest.update(np.ascontiguousarray(numbers).data if numbers.size else b"")
    return digest.hexdigest()
