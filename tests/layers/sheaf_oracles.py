"""Sheaves written out by loops, from their definition."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.linalg import expm
from torch import Tensor


def pairs_of(edge_index: Tensor, weight: Tensor | None = None) -> dict[tuple[int, int], float]:
    """Undirected edges and their weights: every row is half of one; loops are none."""
    found: dict[tuple[int, int], float] = {}
    for row, (u, v) in enumerate(edge_index.T.tolist()):
        if u != v:
            key = (min(u, v), max(u, v))
            heavy = 1.0 if weight is None else float(weight[row].detach())
            found[key] = found.get(key, 0.0) + heavy / 2
    return found


def matrix(parameters: Tensor, dim: int, kind: str) -> Tensor:
    """One orthogonal matrix from its parameters."""
    if kind == "householder":
        q, start = torch.eye(dim).double(), 0
        for k in range(dim):
            v = torch.zeros(dim).double()
            v[k] = 1
            for j in range(k + 1, dim):
                v[j] = parameters[start]
                start += 1
            q = q @ (torch.eye(dim).double() - 2 * torch.outer(v, v) / (v @ v))
        return q
    if kind == "euler":
        return euler([2 * math.pi * float(p) for p in parameters])
    skew, start = torch.zeros(dim, dim).double(), 0
    for i in range(dim):
        for j in range(i):
            skew[i, j], skew[j, i] = parameters[start], -parameters[start]
            start += 1
    if kind == "matrix_exp":
        return torch.from_numpy(expm(skew.numpy()))
    eye = torch.eye(dim).double()
    return torch.linalg.inv(eye - skew / 2) @ (eye + skew / 2)


def euler(angles: list[float]) -> Tensor:
    from scipy.spatial.transform import Rotation

    if len(angles) == 1:
        cos, sin = math.cos(angles[0]), math.sin(angles[0])
        return torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)
    return torch.from_numpy(np.array(Rotation.from_euler("ZYX", angles).as_matrix()))


def restriction(numbers: Tensor, maps: str, dim: int, kind: str = "householder") -> Tensor:
    """The map that m numbers stand for."""
    if maps == "diag":
        return torch.diag(numbers)
    if maps == "general":
        return numbers.reshape(dim, dim)
    return matrix(numbers, dim, kind)


def coboundary_laplacian(
    nodes: int, edges: list[tuple[int, int, float, Tensor, Tensor]], dim: int
) -> tuple[Tensor, Tensor]:
    """delta^T W delta of edges (u, v, w, F_u, F_v), and its diagonal blocks (N d, N d)."""
    delta = torch.zeros(len(edges) * dim, nodes * dim).double()
    for e, (u, v, w, left, right) in enumerate(edges):
        rows = slice(e * dim, (e + 1) * dim)
        delta[rows, u * dim : (u + 1) * dim] = math.sqrt(w) * left
        delta[rows, v * dim : (v + 1) * dim] = -math.sqrt(w) * right
    full = delta.T @ delta
    blocks = torch.kron(torch.eye(nodes), torch.ones(dim, dim)).double()
    return full, full * blocks


def normalised(full: Tensor, degree: Tensor, kind: str) -> Tensor:
    """(D + I)^{-1/2} L (D + I)^{-1/2}, or without I, or L."""
    if kind == "none":
        return full
    if kind == "augmented":
        degree = degree + torch.eye(len(degree)).double()
    values, vectors = torch.linalg.eigh(degree)
    roots = torch.where(values > 1e-10, values.clamp(min=1e-300).rsqrt(), 0.0)
    root = vectors @ torch.diag(roots) @ vectors.T
    return root @ full @ root


def learned_edges(
    x: Tensor, edge_index: Tensor, weight: Tensor | None, maps: str, dim: int, kind: str,
    parameters: Tensor, scores: Tensor | None, sparse: bool = False,
) -> list[tuple[int, int, float, Tensor, Tensor]]:  # fmt: skip
    """Edges with the maps and weights of a learner; x (N, d, C)."""
    parameters = parameters.detach()
    scores = None if scores is None else scores.detach()
    read = x.sum(1) if sparse else x.flatten(1)
    edges = []
    for (u, v), w in pairs_of(edge_index, weight).items():
        maps_of = []
        for a, b in ((u, v), (v, u)):
            numbers = (parameters @ torch.cat([read[a], read[b]])).tanh()
            maps_of.append(restriction(numbers, maps, dim, kind))
            if scores is not None:
                whole = torch.cat([x[a].flatten(), x[b].flatten()])
                w = w * float((scores @ whole).sigmoid()) ** 2
        edges.append((u, v, w, *maps_of))
    return edges
