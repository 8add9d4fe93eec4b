"""NCN and NCNC written out with dense matrices."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.tasks import NCN

NODES, WIDTH = 14, 5


def random_graph(seed: int, edges: int = 26) -> Tensor:
    """An undirected graph, both directions stored."""
    generator = torch.Generator().manual_seed(seed)
    ends = torch.randint(NODES, (2, edges), generator=generator)
    ends = ends[:, ends[0] != ends[1]].sort(0).values.unique(dim=1)
    return torch.cat([ends, ends.flip(0)], dim=1)


def states(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(NODES, WIDTH, generator=generator, dtype=torch.float64)


def built(cls: type[NCN], seed: int = 0, **settings: Any) -> NCN:
    """A head in float64 whose norms and beta are no identities."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = cls(WIDTH, 7, **settings).double()
        for parameter in head.parameters():
            if parameter.dim() == 1:
                nn.init.normal_(parameter)
    return head.eval()


def mlp(head: NCN, name: str, h: Tensor) -> Tensor:
    """One of the head's networks, from its parameters alone."""
    p = {key: value for key, value in head.state_dict().items() if key.startswith(name + ".")}
    step = 0
    while f"{name}.linears.{step}.weight" in p:
        h = h @ p[f"{name}.linears.{step}.weight"].T + p[f"{name}.linears.{step}.bias"]
        if f"{name}.norms.{step}.weight" in p:
            centred = h - h.mean(1, keepdim=True)
            spread = (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
            h = centred / spread * p[f"{name}.norms.{step}.weight"] + p[f"{name}.norms.{step}.bias"]
        h, step = h.relu(), step + 1
    if f"{name}.last.weight" in p:
        h = h @ p[f"{name}.last.weight"].T + p[f"{name}.last.bias"]
    return h


def dense(edge_index: Tensor, without: Tensor | None = None) -> Tensor:
    """(N, N) of 0 and 1, row = target."""
    matrix = torch.zeros(NODES, NODES).double()
    matrix[edge_index[1], edge_index[0]] = 1
    if without is not None:
        matrix[without[0], without[1]] = matrix[without[1], without[0]] = 0
    return matrix


def mapped(head: NCN, x: Tensor) -> Tensor:
    return x + mlp(head, "transform", x) if head.transform is not None else x


def formula(head: NCN, x: Tensor, matrix: Tensor, pairs: Tensor, depth: int = 0) -> Tensor:
    """s_ij with sets written as rows of 0 and 1, completed so often; x is what the head gets."""
    i, j = pairs
    shared = matrix[i] * matrix[j]
    if depth:
        inner = mapped(head, x) if head.recursion == "released" else x  # type: ignore[attr-defined]
        every = torch.cartesian_prod(torch.arange(NODES), torch.arange(NODES)).T
        logit = formula(head, inner, matrix, every, depth - 1).reshape(NODES, NODES)
        q = 1 / (1 + torch.exp(-head.scale * (logit - head.offset)))  # type: ignore[operator]
        p = head.alpha * head.pt * q / (head.pt * q + 1 - q)  # type: ignore[operator]
        shared = shared + matrix[i] * (1 - matrix[j]) * p[j] + matrix[j] * (1 - matrix[i]) * p[i]
    beta = head.state_dict()["beta"]
    both = beta * mlp(head, "common", shared @ mapped(head, x)) + mlp(head, "ends", x[i] * x[j])
    return mlp(head, "score", both).squeeze(1)
