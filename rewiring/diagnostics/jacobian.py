"""Jacobian of an encoder: the derivatives of the output at a node by the features of every node."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from gnnlab.core.arguments import check_count

if TYPE_CHECKING:
    from torch_geometric.data import Data


def jacobian_norms(model: nn.Module, data: Data, roots: Tensor) -> Iterator[Tensor]:
    """For each root i the norms of dh_i / dx_j over all j, (N,).

    Args:
        model: returns (N, H) for ``data``, in eval mode.
        roots: (R,) int64.

    Cost: a forward pass, and H backward passes for each root.
    """
    hidden, x = traced(model, data)
    for root in roots.tolist():
        yield summed_norms(hidden[root, None], x).cpu()


def traced(model: nn.Module, data: Data) -> tuple[Tensor, Tensor]:
    """Run the model with features that take a gradient: its rows, and the features.

    Raises:
        ValueError: other than one row for each node.
    """
    with torch.enable_grad():
        data = copy(data)
        data.x = data.x.detach().clone().requires_grad_()
        hidden = model(data)
    check_rows(hidden, data.x.shape[0])
    return hidden, data.x


def check_rows(hidden: Tensor, nodes: int) -> None:
    """Refuse an output that has not one row for each node."""
    if hidden.dim() != 2 or hidden.shape[0] != nodes:
        raise ValueError(
            f"the encoder returned {tuple(hidden.shape)} for {nodes} nodes, but one row for each "
            "node is needed: take an encoder of level 'node'"
        )


def summed_norms(rows: Tensor, x: Tensor) -> Tensor:
    """Sum of |d rows_{r, a} / dx_{j, b}| over a and b, for rows that share no j: (R, H) -> (N,).

    Where rows share a j, their derivatives are added up before the norm is taken.
    """
    total = torch.zeros(x.shape[0], dtype=x.dtype, device=x.device)
    for value in rows.sum(0):
        (gradient,) = torch.autograd.grad(value, x, retain_graph=True)
        total += gradient.abs().sum(dim=1)
    return total


def choose_nodes(nodes: int | Tensor, num_nodes: int, seed: int) -> Tensor:
    """The nodes that were named, or so many drawn with the seed, ascending: (K,) int64.

    Raises:
        ValueError: no node numbers, or none of this graph.
    """
    if isinstance(nodes, Tensor):
        chosen = nodes.cpu()
        if chosen.dim() != 1 or chosen.dtype != torch.int64 or not len(chosen):
            raise ValueError(
                f"nodes is {nodes.dtype} of shape {tuple(nodes.shape)}, but node numbers are (K,) "
                "int64, at least one: use torch.arange or .long()"
            )
        if int(chosen.min()) < 0 or int(chosen.max()) >= num_nodes:
            raise ValueError(
                f"nodes runs from {int(chosen.min())} to {int(chosen.max())}, but nodes are "
                f"numbered 0 to {num_nodes - 1}"
            )
        return chosen
    check_count("nodes", nodes)
    check_count("seed", seed, 0)
    order = np.random.default_rng(seed).permutation(num_nodes)
    return torch.from_numpy(np.sort(order[:nodes]))
