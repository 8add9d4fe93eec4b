"""Integrated gradients: slopes added up on the way from nothing to the graph as it is."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gnnlab.core.arguments import check_count
from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.method import Explainer, Masks
from gnnlab.tasks.explanation.reverse_arcs import both_ways


@dataclass(frozen=True, repr=False)
class IntegratedGradients(Explainer):
    r"""The share that each edge, and each feature, has in the difference from an empty graph.

    .. math:: e_{uv} = w_{uv} \int_0^1 \frac{\partial f_y(X, tw)}{\partial w_{uv}} \, dt, \quad
        n_{vi} = x_{vi} \int_0^1 \frac{\partial f_y(tX, w)}{\partial x_{vi}} \, dt

    The edges' numbers add up to :math:`f_y(X, w) - f_y(X, 0)`, those of the features to
    :math:`f_y(X, w) - f_y(0, w)`, up to the steps of the sum. A negative one speaks against the
    class.

    Args:
        steps: at which slopes are taken, at the middles of as many equal parts.
        edges: False says nothing of edges.
        symmetric: give both directions of an edge the mean of theirs; the sum stays.

    Source:
        Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017
        (https://arxiv.org/abs/1703.01365).

    Cost:
        two forward and backward passes a step.
    """

    steps: int = 50
    edges: bool = True
    symmetric: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("steps", self.steps)

    def masks(self, case: Case) -> Masks:
        if self.edges:
            case.check_reads_weights()
        x, weight = case.x, case.weight
        feature, edge = torch.zeros_like(x), torch.zeros_like(weight)
        for step in range(self.steps):
            share = (step + 0.5) / self.steps
            feature = feature + case.slopes(share * x, weight)[0]
            if self.edges:
                edge = edge + case.slopes(x, share * weight)[1]
        edge = both_ways(edge * weight / self.steps, case.edge_index, self.symmetric)
        return (edge if self.edges else None), feature * x / self.steps
