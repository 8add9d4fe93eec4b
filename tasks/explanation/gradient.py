"""Gradient (saliency): how fast the prediction changes with each edge and each feature."""

from __future__ import annotations

from dataclasses import dataclass

from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.method import Explainer, Masks
from gnnlab.tasks.explanation.reverse_arcs import both_ways


@dataclass(frozen=True, repr=False)
class Gradient(Explainer):
    r"""The size of the slope of the explained logit, times the value that it is the slope by.

    .. math:: e_{uv} = |w_{uv} \, \partial f_y / \partial w_{uv}|, \quad
        n_{vi} = |x_{vi} \, \partial f_y / \partial x_{vi}|

    The plainest method: others should be better than it.

    Args:
        edges: False says nothing of edges.
        symmetric: give both directions of an edge the mean of theirs.

    Source:
        Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", ICLR 2014 workshop
        (https://arxiv.org/abs/1312.6034).

    Cost:
        a forward and a backward pass.
    """

    edges: bool = True
    symmetric: bool = True

    def masks(self, case: Case) -> Masks:
        if self.edges:
            case.check_reads_weights()
        by_x, by_weight = case.slopes(case.x, case.weight)
        feature = (by_x * case.x).abs()
        edge = both_ways((by_weight * case.weight).abs(), case.edge_index, self.symmetric)
        return (edge if self.edges else None), feature
