"""Controls: masks that look at no model, by which the others are judged."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.computation_graph import hops_from
from gnnlab.tasks.explanation.method import Explainer, Masks
from gnnlab.tasks.explanation.reverse_arcs import both_ways
from gnnlab.tasks.training.seed import checked_seed


@dataclass(frozen=True, repr=False)
class RandomMask(Explainer):
    """Numbers drawn evenly from 0 to 1, the same for both directions of an edge.

    Args:
        seed: of the draw.

    Cost:
        O(E).
    """

    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_seed(self.seed)

    def masks(self, case: Case) -> Masks:
        generator = torch.Generator().manual_seed(self.seed)
        edge = torch.rand(case.whole.num_edges, generator=generator)[case.edges].to(case.x)
        feature = torch.rand(int(case.whole.num_nodes or 0), 1, generator=generator)[case.nodes]
        return both_ways(edge, case.edge_index), feature.to(case.x)


@dataclass(frozen=True, repr=False)
class DegreeMask(Explainer):
    r"""Edges between nodes of few edges count more: :math:`1 / \sqrt{d_u d_v}`.

    Cost:
        O(E).
    """

    def masks(self, case: Case) -> Masks:
        first, second = case.edge_index
        degree = torch.bincount(second, minlength=len(case.nodes)).to(case.x).clamp(min=1)
        edge = (degree[first] * degree[second]).rsqrt()
        return both_ways(edge, case.edge_index), (1 / degree)[:, None]


@dataclass(frozen=True, repr=False)
class NearMask(Explainer):
    """Edges near the node count more: 1 / (1 + the hops to their farther end).

    Of whole graphs, which have no such node, all edges count the same.

    Cost:
        O(E) a hop.
    """

    def masks(self, case: Case) -> Masks:
        ends = case.pair or ((case.node,) if case.node is not None else ())
        roots = [case.place(end) for end in ends] or list(range(len(case.nodes)))
        away = hops_from(case.edge_index, len(case.nodes), roots).to(case.x)
        farther = torch.maximum(*away[case.edge_index])
        return 1 / (1 + farther), (1 / (1 + away))[:, None]
