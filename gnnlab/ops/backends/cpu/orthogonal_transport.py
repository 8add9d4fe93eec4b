r"""Orthogonal transports (Householder products) by compiled loops, several rows in a vector.

The gradient needs no derivative of a matrix: with :math:`S = W - W^\top`,
:math:`W = (\partial L / \partial Q) Q^\top`, the parameters of :math:`v_1` receive
:math:`s S v_1`, and S goes on to the next reflection as :math:`H_1 S H_1`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.memory import empty
from gnnlab.kernels.threads import over_items

LANES = 128
"""Rows that are worked on together."""


def transport(own: Tensor, other: Tensor, dim: int) -> Tensor:
    """Q(own)^T Q(other) of every row."""
    out = empty((len(own), dim, dim), own.dtype)
    flat = array(out).reshape(len(own), dim * dim)
    over_items(
        transport_blocks, -(-len(own) // LANES), 8 * out.numel() * dim, flat, array(own),
        array(other), dim,
    )  # fmt: skip
    return out


def transport_grad(own: Tensor, other: Tensor, grad: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """What the parameters receive."""
    out = torch.empty_like(own), torch.empty_like(other)
    flat = array(grad).reshape(len(own), dim * dim)
    over_items(
        transport_grad_blocks, -(-len(own) // LANES), 16 * grad.numel() * dim, array(out[0]),
        array(out[1]), array(own), array(other), flat, dim,
    )  # fmt: skip
    return out


def _load_(v: Array, s: Array, p: Array, start: int, size: int, k: int, at: int) -> None:
    """v[j] for j > k, and s = 2 / |v|^2 with v[k] = 1."""
    one = s.dtype.type(1)
    for m in range(size):
        s[m] = one
    for j in range(k + 1, v.shape[0]):
        column = at + j - k - 1
        for m in range(size):
            value = p[start + m, column]
            v[j, m] = value
            s[m] += value * value
    for m in range(size):
        s[m] = (one + one) / s[m]


def _reflect_(q: Array, p: Array, start: int, size: int, v: Array, s: Array, w: Array) -> None:
    """q[i, j, m] = entry i, j of the product of row start + m."""
    dim = q.shape[0]
    for i in range(dim):
        for j in range(dim):
            value = q.dtype.type(i == j)
            for m in range(size):
                q[i, j, m] = value
    at = 0
    for k in range(dim - 1):
        load(v, s, p, start, size, k, at)
        at += dim - 1 - k
        for i in range(dim):
            for m in range(size):
                w[m] = q[i, k, m]
            for j in range(k + 1, dim):
                for m in range(size):
                    w[m] += q[i, j, m] * v[j, m]
            for m in range(size):
                w[m] *= s[m]
                q[i, k, m] -= w[m]
            for j in range(k + 1, dim):
                for m in range(size):
                    q[i, j, m] -= w[m] * v[j, m]
    for i in range(dim):
        for m in range(size):
            q[i, dim - 1, m] = -q[i, dim - 1, m]


def _pull_(
    out: Array, skew: Array, p: Array, start: int, size: int, v: Array, s: Array, y: Array
) -> None:
    """The parameters' gradients from S, which is used up."""
    dim = skew.shape[0]
    at = 0
    for k in range(dim - 1):
        load(v, s, p, start, size, k, at)
        for i in range(k + 1, dim):  # y = S v, where it is read
            for m in range(size):
                y[i, m] = skew[i, k, m]
            for j in range(k + 1, dim):
                for m in range(size):
                    y[i, m] += skew[i, j, m] * v[j, m]
        for j in range(k + 1, dim):
            column = at + j - k - 1
            for m in range(size):
                out[start + m, column] = s[m] * y[j, m]
        at += dim - 1 - k
        for i in range(k + 1, dim):  # S + s (v y^T - y v^T), where it is read again
            for j in range(k + 1, dim):
                for m in range(size):
                    skew[i, j, m] += s[m] * (v[i, m] * y[j, m] - y[i, m] * v[j, m])


def _transport_blocks(
    first: int, last: int, out: Array, own: Array, other: Array, dim: int
) -> None:
    """Blocks first .. last of rows of T = Q(own)^T Q(other)."""
    frames, v = np.empty((2, dim, dim, LANES), out.dtype), np.empty((dim, LANES), out.dtype)
    left, right, lines = frames[0], frames[1], np.empty((2, LANES), out.dtype)
    s, w = lines[0], lines[1]
    for block in range(first, last):
        start = block * LANES
        size = min(LANES, out.shape[0] - start)
        reflect(left, own, start, size, v, s, w)
        reflect(right, other, start, size, v, s, w)
        for a in range(dim):
            for b in range(dim):
                for m in range(size):
                    w[m] = left[0, a, m] * right[0, b, m]
                for c in range(1, dim):
                    for m in range(size):
                        w[m] += left[c, a, m] * right[c, b, m]
                for m in range(size):
                    out[start + m, a * dim + b] = w[m]


def _transport_grad_blocks(
    first: int, last: int, out: Array, out_other: Array, own: Array, other: Array, grad: Array,
    dim: int,
) -> None:  # fmt: skip
    """Blocks first .. last of rows of both gradients."""
    frames, lines = np.empty((4, dim, dim, LANES), out.dtype), np.empty((2, LANES), out.dtype)
    left, right, half, whole = frames[0], frames[1], frames[2], frames[3]
    v, y = np.empty((dim, LANES), out.dtype), np.empty((dim, LANES), out.dtype)
    s, w = lines[0], lines[1]
    for block in range(first, last):
        start = block * LANES
        size = min(LANES, out.shape[0] - start)
        reflect(left, own, start, size, v, s, w)
        reflect(right, other, start, size, v, s, w)
        for i in range(dim):  # half = Q(other) G^T
            for a in range(dim):
                for m in range(size):
                    half[i, a, m] = 0
                for b in range(dim):
                    for m in range(size):
                        half[i, a, m] += right[i, b, m] * grad[start + m, a * dim + b]
        for i in range(dim):  # whole = half Q(own)^T
            for j in range(dim):
                for m in range(size):
                    whole[i, j, m] = 0
                for a in range(dim):
                    for m in range(size):
                        whole[i, j, m] += half[i, a, m] * left[j, a, m]
        for i in range(dim):
            for j in range(dim):
                for m in range(size):
                    left[i, j, m] = whole[i, j, m] - whole[j, i, m]
                    right[i, j, m] = whole[j, i, m] - whole[i, j, m]
        pull(out, left, own, start, size, v, s, y)
        pull(out_other, right, other, start, size, v, s, y)


load = inner(_load_)
reflect = inner(_reflect_)
pull = inner(_pull_)
transport_blocks = compiled(_transport_blocks)
transport_grad_blocks = compiled(_transport_grad_blocks)
