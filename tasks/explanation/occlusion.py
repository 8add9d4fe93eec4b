"""Occlusion: what the prediction loses without an edge, a node's features or a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.method import Explainer, Masks
from gnnlab.tasks.explanation.reverse_arcs import reverse_arcs


@dataclass(frozen=True, repr=False)
class Occlusion(Explainer):
    r"""The fall of the explained logit when one thing is taken away.

    .. math:: e_{uv} = f_y(X, w) - f_y(X, w_{-uv})

    A negative number says that the class becomes likelier without it.

    Args:
        edges: False says nothing of edges.
        symmetric: take both directions of an edge away at once, and give them that number.
        features: ``object`` sets all features of a node to 0, (n, 1); ``common_attributes`` a
            column of all nodes, (1, F); None says nothing of features.

    Source:
        Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014
        (https://arxiv.org/abs/1311.2901).

    Cost:
        a forward pass for each edge, node or column.
    """

    edges: bool = True
    symmetric: bool = True
    features: Literal["object", "common_attributes"] | None = "object"

    def masks(self, case: Case) -> Masks:
        if self.edges:
            case.check_reads_weights()
        with torch.no_grad():
            whole = case.value()
            edge = self._edges(case, whole) if self.edges else None
            return edge, self._features(case, whole)

    def _edges(self, case: Case, whole: Tensor) -> Tensor:
        weight, edges = case.weight, len(case.edges)
        numbers = torch.arange(edges, device=weight.device)
        back = reverse_arcs(case.edge_index) if self.symmetric else numbers
        lost = torch.zeros_like(weight)
        for number in numbers[numbers <= back].tolist():
            without = weight.clone()
            without[[number, int(back[number])]] = 0
            lost[[number, int(back[number])]] = whole - case.value(None, without)
        return lost

    def _features(self, case: Case, whole: Tensor) -> Tensor | None:
        if self.features is None:
            return None
        x, columns = case.x, self.features == "common_attributes"
        lost = []
        for number in range(x.shape[1 if columns else 0]):
            without = x.clone()
            without[(slice(None), number) if columns else number] = 0
            lost.append(whole - case.value(without))
        found = torch.stack(lost)
        return found[None] if columns else found[:, None]
