"""Computation graph of a prediction: the part of a graph that it depends on, cut out."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gnnlab.contracts.foreign import declared
from gnnlab.tasks.explanation.case import Case

CLOSE = 1e-4
"""How far the prediction on the part may be off, of its size; else the whole graph is kept."""
DRAWS = 2
"""Sets of random features by which a model's reach is found."""


def cut_out(case: Case) -> Case:
    """Return the case on the part of the graph that the prediction depends on.

    The model's reach k is measured: features farther than k hops away, edges taken both ways, are
    replaced by noise, and no output may change. The part is the graph of all nodes within k + 1
    hops: a normalisation by degrees reads the edges of nodes at k hops. Where the model reads
    something of the whole graph, or the prediction on the part is another, nothing is cut.

    Cost:
        k passes over the graph, and one over the part.
    """
    own = declared(getattr(case.model, "encoder", case.model))
    bound = own.transforms() or own.transductive or own.order_dependent
    if bound or own.completes_frames:
        return case
    roots = [case.node] if case.pair is None else list(case.pair)
    away = hops_from(
        case.edge_index, int(case.whole.num_nodes or 0), [r for r in roots if r is not None]
    )
    part = _part(case, away <= reach(case, away) + 1)
    with torch.no_grad():
        there, here = case.output(), part.output()
    size = 1 + float(there.abs().max())
    return part if float((there - here).abs().max()) <= CLOSE * size else case


def hops_from(edge_index: Tensor, nodes: int, roots: list[int]) -> Tensor:
    """How many hops every node is away from the nearest root, (N,); N where no path leads.

    Edges are taken in both directions.
    """
    away = torch.full((nodes,), nodes, device=edge_index.device)
    away[roots] = 0
    ends = torch.cat([edge_index, edge_index.flip(0)], 1)
    for hop in range(1, nodes):
        near = (away[ends[0]] == hop - 1) & (away[ends[1]] == nodes)
        if not bool(near.any()):
            break
        away[ends[1][near]] = hop
    return away


def reach(case: Case, away: Tensor) -> int:
    """Return the fewest hops beyond which no feature changes the prediction."""
    most = int(away[away < len(away)].max())
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for hops in range(1, most):
            if not any(_changes(case, away > hops, generator) for _ in range(DRAWS)):
                return hops
    return most


def _changes(case: Case, far: Tensor, generator: torch.Generator) -> bool:
    x = case.x
    noise = 3 * torch.randn(x.shape, generator=generator).to(x)
    there = case.output(x)
    here = case.output(torch.where(far[:, None], noise, x))
    return bool(((there - here).abs() > 1e-6 * (1 + there.abs())).any())


def _part(case: Case, kept: Tensor) -> Case:
    """The case on the graph of some nodes."""
    if bool(kept.all()):
        return case
    first, second = case.edge_index
    edges = (kept[first] & kept[second]).nonzero().flatten().cpu()
    data: Any = copy(case.data).subgraph(kept)
    return replace(case, data=data, nodes=kept.nonzero().flatten().cpu(), edges=edges)
