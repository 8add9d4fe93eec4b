"""Effective resistance of two nodes: low where many short paths connect them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_number, shown
from gnnlab.core.settings import checked
from gnnlab.kernels.arrays import Array
from gnnlab.structure.graphs.components import components
from gnnlab.structure.graphs.undirected_lists import Neighbours, undirected
from gnnlab.structure.spectra.laplacian_solve import pair_resistances, sketched_resistances
from gnnlab.structure.spectra.resistance import resistance_matrix

DENSE = 4096
"""Up to so many nodes given pairs are read off the dense inverse."""


@checked
def effective_resistance(
    edge_index: Tensor,
    num_nodes: int,
    pairs: Tensor | None = None,
    *,
    method: Literal["exact", "sketch"] = "exact",
    error: float = 0.3,
    seed: int = 0,
) -> Tensor:
    r"""Give the resistance between nodes when every edge is a resistor of 1 ohm.

    .. math:: R_{uv} = (e_u - e_v)^\top L^+ (e_u - e_v)

    Parallel edges count once and self-loops not at all. Between components it is infinite.

    Args:
        edge_index: (2, E) int64, both directions of every edge.
        num_nodes: N.
        pairs: (2, P) int64; all pairs if None.
        method: ``"exact"`` up to rounding: the dense inverse for all pairs and for graphs of up to
            4,096 nodes, else conjugate gradients for each pair (relative error below 1e-8).
            ``"sketch"``: random projections, the same number however many pairs there are.
        error: of a sketch, above 0 and below 1: with probability 0.99 every pair is within
            (1 - error) R and (1 + error) R.
        seed: of a sketch.

    Shapes:
        (N, N) float64 for all pairs, else (P,) float64

    Raises:
        ValueError: bad edges or pairs, an edge without its reverse, or what does not fit into
            memory.

    Cost:
        dense: O(N^3), 32 N^2 bytes. Pairs: P systems of O(E sqrt(condition)). Sketch:
        2 ln(200 P) / (error^2 / 2 - error^3 / 3) systems.

    Source:
        Klein and Randic, "Resistance distance", Journal of Mathematical Chemistry 12, 1993
        (https://doi.org/10.1007/BF01164627); the sketch: Spielman and Srivastava, "Graph
        sparsification by effective resistances", STOC 2008 (https://arxiv.org/abs/0803.0929).
    """
    graph = undirected(edge_index, num_nodes)
    _check(method, error, seed)
    if pairs is None and method == "exact":
        return torch.from_numpy(resistance_matrix(graph.rowptr, graph.col))
    if pairs is not None:
        source, target = _check_pairs(pairs, num_nodes)
        return torch.from_numpy(_of_pairs(graph, source, target, method, error, seed))
    low, high = np.triu_indices(num_nodes, 1)
    out = torch.zeros(num_nodes, num_nodes, dtype=torch.float64)
    out[low, high] = torch.from_numpy(_of_pairs(graph, low, high, method, error, seed))
    return out + out.T


def _of_pairs(
    graph: Neighbours, source: Array, target: Array, method: str, error: float, seed: int
) -> Array:
    if method == "exact" and graph.num_nodes <= DENSE:
        exact: Array = resistance_matrix(graph.rowptr, graph.col)[source, target]
        return exact
    label = component_labels(graph)
    joined = label[source] == label[target]
    source, target = source[joined], target[joined]
    if method == "exact":
        found = pair_resistances(graph.rowptr, graph.col, source, target)
    else:
        found = sketched_resistances(graph.rowptr, graph.col, source, target, error, seed)
    out = np.full(len(joined), np.inf)
    out[joined] = found
    return out


def component_labels(graph: Neighbours) -> Array:
    """Number the components; (N,) int64."""
    label = np.empty(graph.num_nodes, np.int64)
    for number, part in enumerate(components(graph.rowptr, graph.col)):
        label[part] = number
    return label


def _check(method: str, error: float, seed: int) -> None:
    if method not in ("exact", "sketch"):
        raise ValueError(f"method is {shown(method)}, but there are 'exact' and 'sketch'")
    check_number("error", error)
    if not 0 < error < 1:
        raise ValueError(f"error is {shown(error)}, but a relative error lies above 0 and below 1")
    check_count("seed", seed, 0)


def _check_pairs(pairs: Tensor, num_nodes: int) -> tuple[Array, Array]:
    if pairs.dim() != 2 or pairs.shape[0] != 2 or pairs.dtype != torch.int64:
        raise ValueError(
            f"pairs is {pairs.dtype} of shape {tuple(pairs.shape)}, but pairs of nodes are (2, P) "
            "int64: reshape or convert them"
        )
    if pairs.numel() and not 0 <= int(pairs.min()) <= int(pairs.max()) < num_nodes:
        bad = int(pairs.min()) if int(pairs.min()) < 0 else int(pairs.max())
        raise ValueError(f"pairs names node {bad}, but nodes are numbered 0 to {num_nodes - 1}")
    source, target = pairs.cpu().numpy()
    return source, target
