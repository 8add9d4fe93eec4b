"""Frames of the tangent spaces at the nodes, and the rotations between neighbours' frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnnlab.layers.sheaf.undirected_edges import undirected
from gnnlab.ops import Adjacency, edge_outer, is_sparse, propagate

Array = NDArray[Any]

SMALL = 128
"""Neighbourhoods up to this size are decomposed many at a time; larger ones by Lanczos steps."""
CHUNK = 1 << 23
"""Numbers of neighbours' features that are laid out at once."""
RANK = 1e-10
"""A singular value below this share of the largest one is 0."""


def transports(edge_index: Tensor, x: Tensor, dim: int) -> Tensor:
    r"""Align the frames at both ends of every edge.

    .. math:: O_{ij} = U V^\top, \quad O_i^\top O_j = U \Sigma V^\top

    Shapes:
        edge_index (2, E), x (N, F) -> (E, dim, dim) float64, which takes what the source j holds
        into the frame of the target i; the identity on self-loops

    Cost:
        O(E F dim^2) and the frames.
    """
    return aligned(edge_index.cpu(), local_frames(edge_index, x, dim))


def aligned(edge_index: Tensor, frames: Tensor) -> Tensor:
    """The orthogonal matrices nearest to :math:`O_i^T O_j`, one SVD for each pair of nodes.

    Shapes:
        edge_index (2, E), frames (N, dim, F) -> (E, dim, dim)
    """
    nodes, dim = frames.shape[:2]
    adj = Adjacency.of(edge_index, nodes)
    between = edge_outer(frames, frames, undirected(adj, nodes).adj)
    u, _, v = torch.linalg.svd(between)
    return spread(edge_index, u @ v, nodes)


def spread(edge_index: Tensor, found: Tensor, nodes: int) -> Tensor:
    """From one matrix a pair to one a row of edge_index: the reverse has the transpose."""
    pairs = undirected(edge_index, nodes)
    source, target = pairs.adj.edge_index
    key = torch.cat([source * nodes + target, target * nodes + source])
    key, order = key.sort()
    both = torch.cat([found, found.mT])[order]
    loops = edge_index[0] == edge_index[1]
    rows = edge_index[:, ~loops]
    out = torch.eye(found.shape[1], dtype=found.dtype).repeat(edge_index.shape[1], 1, 1)
    out[~loops] = both[torch.searchsorted(key, rows[0] * nodes + rows[1])]
    return out


def local_frames(edge_index: Tensor, x: Tensor, dim: int) -> Tensor:
    r"""Find the directions in which the neighbours of each node lie, by local PCA.

    The frame of node i holds the first left singular vectors of the matrix whose columns are
    :math:`x_j - x_i` over its neighbours j. A node with fewer than ``dim`` of them borrows the
    nodes nearest to it, by features, that are not. Directions that are missing still (the
    differences do not span ``dim`` dimensions) are the coordinate axes farthest from those that
    are there. Of each vector's entries that are largest in size, the first is made positive: that
    makes frames a function of the graph and its features, unless singular values coincide. A node
    without neighbours, whose frame nobody asks for, has zeros.

    Args:
        edge_index: (2, E), read as undirected; loops and repeats count for nothing.
        x: features, dense or sparse, at least ``dim`` columns.
        dim: vectors a frame.

    Shapes:
        x (N, F) -> (N, dim, F) float64, orthonormal rows

    Raises:
        ValueError: fewer columns than ``dim``.

    Source:
        Singer and Wu, "Vector diffusion maps and the connection Laplacian", CPAM 2012
        (https://arxiv.org/abs/1102.0075), without weights, as Barbero et al. have it.
    """
    if x.shape[1] < dim:
        raise ValueError(
            f"x has {x.shape[1]} columns, but a frame of stalk_dim={dim} vectors needs as many: "
            "lower stalk_dim"
        )
    features: Array = (x.to_dense() if is_sparse(x) else x).detach().double().cpu().numpy()
    around = _neighbourhoods(edge_index, features, dim)
    weights = np.zeros((around.num_edges, dim))
    rowptr, column = around.rowptr.numpy(), around.col.numpy()
    _decompose(features, rowptr, column, weights)
    return torch.from_numpy(_frames(around, torch.from_numpy(features), weights))


def _neighbourhoods(edge_index: Tensor, x: Array, dim: int) -> Adjacency:
    """Each node's neighbours as in-edges, and the nodes that are borrowed."""
    nodes = len(x)
    pairs = undirected(edge_index.cpu(), nodes).adj.edge_index
    both = torch.cat([pairs, pairs.flip(0)], dim=1)
    count = torch.bincount(both[1], minlength=nodes)
    few = ((count > 0) & (count < dim)).nonzero().flatten().numpy()
    adj = Adjacency(both, nodes)
    borrowed = _nearest(x, few, adj.rowptr.numpy(), adj.col.numpy(), dim)
    return Adjacency(torch.cat([both, torch.from_numpy(borrowed)], dim=1), nodes)


def _nearest(x: Array, few: Array, rowptr: Array, column: Array, dim: int) -> Array:
    """(2, B): for each of these nodes, the nearest others until it has ``dim`` neighbours."""
    squares = np.einsum("nf,nf->n", x, x)
    step, found = max(1, CHUNK // max(1, len(x))), [np.zeros((2, 0), np.int64)]
    for start in range(0, len(few), step):
        rows = few[start : start + step]
        distance = squares - 2 * x[rows] @ x.T
        for place, node in enumerate(rows):
            own = column[rowptr[node] : rowptr[node + 1]]
            distance[place, own] = distance[place, node] = np.inf
            wanted = min(dim, len(x) - 1) - len(own)
            if wanted > 0:
                near = np.argpartition(distance[place], wanted - 1)[:wanted]
                found.append(np.stack([near, np.full(wanted, node)]))
    return np.concatenate(found, axis=1)


def _decompose(x: Array, rowptr: Array, column: Array, weights: Array) -> None:
    """Write each neighbour's share in the singular vectors: O = sum of share (x_j - x_i)."""
    size, dim = np.diff(rowptr), weights.shape[1]
    for n in np.unique(size[size > 0]):
        nodes = np.flatnonzero(size == n)
        step = max(1, CHUNK // int(n * x.shape[1])) if n <= SMALL else 1
        for start in range(0, len(nodes), step):
            part = nodes[start : start + step]
            edges = rowptr[part, None] + np.arange(n)  # (B, n)
            around = column[edges]
            if n <= SMALL:
                off = x[around] - x[part, None]
                found = _shares(*_top(off @ off.transpose(0, 2, 1), dim))
            else:
                found = _shares(*_lanczos(x[around[0]] - x[part], dim))
            weights[edges, : found.shape[-1]] = found


def _top(gram: Array, dim: int) -> tuple[Array, Array]:
    """The largest eigenvalues, in falling order, and their vectors."""
    values, vectors = np.linalg.eigh(gram)
    return values[..., ::-1][..., :dim], vectors[..., ::-1][..., :dim]


def _lanczos(off: Array, dim: int) -> tuple[Array, Array]:
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import LinearOperator, eigsh

    few = np.count_nonzero(off) < 0.2 * off.size
    table: Any = csr_array(off) if few else off
    size = off.shape[0]
    gram = LinearOperator((size, size), matvec=lambda v: table @ (table.T @ v), dtype=np.float64)
    values, vectors = eigsh(gram, k=dim, v0=np.cos(np.arange(size)), tol=0)
    order = np.argsort(values)[::-1]
    return values[order], vectors[:, order]


def _shares(values: Array, vectors: Array) -> Array:
    """u / sigma, and 0 where sigma is."""
    there = values > RANK**2 * np.maximum(values[..., :1], np.finfo(np.float64).tiny)
    roots = np.where(there, 1 / np.sqrt(np.where(there, values, 1)), 0)
    shares: Array = vectors * roots[..., None, :]
    return shares


def _frames(around: Adjacency, x: Tensor, weights: Array) -> Array:
    """Sum the neighbours' shares, and see to it that the rows are orthonormal."""
    frames = np.empty((len(x), weights.shape[1], x.shape[1]))
    order = torch.empty_like(around.order).scatter_(
        0, around.order.long(), torch.arange(around.num_edges, dtype=torch.int32)
    )
    shares = torch.from_numpy(weights)[order.long()]  # in the order of the edges
    for k in range(weights.shape[1]):
        share = shares[:, k].contiguous()
        total = torch.zeros(len(x), dtype=torch.float64).index_add_(0, around.target, share)
        frames[:, k] = (propagate(x, around, share) - total[:, None] * x).numpy()
    lonely = np.diff(around.rowptr.numpy()) == 0
    _orthonormalise(frames)
    frames[lonely] = 0
    return frames


def _orthonormalise(frames: Array) -> None:
    """Gram-Schmidt, twice; a row that vanishes becomes the axis farthest from those before it."""
    for k in range(frames.shape[1]):
        row = frames[:, k]
        gone = np.einsum("nf,nf->n", row, row) < 0.25  # rows come with length 1 or 0
        if gone.any():
            left = 1 - np.einsum("nkf,nkf->nf", frames[gone, :k], frames[gone, :k])
            axis = (left > left.max(1, keepdims=True) - 1e-9).argmax(1)
            row[gone] = 0
            row[np.flatnonzero(gone), axis] = 1
        for _ in range(2):
            for j in range(k):
                row -= np.einsum("nf,nf->n", frames[:, j], row)[:, None] * frames[:, j]
            row /= np.sqrt(np.einsum("nf,nf->n", row, row))[:, None]
        size = np.abs(row)
        first = (size >= (1 - 1e-6) * size.max(1, keepdims=True)).argmax(1)
        row *= np.sign(np.take_along_axis(row, first[:, None], 1))
