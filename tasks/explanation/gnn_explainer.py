"""GNNExplainer: masks of edges and features, learned for one prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_not_negative, check_positive
from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.method import Explainer, Masks
from gnnlab.tasks.explanation.reverse_arcs import reverse_arcs
from gnnlab.tasks.training.seed import checked_seed

Features = Literal["common_attributes", "attributes", "object"]
TINY = 1e-15


@dataclass(frozen=True, repr=False)
class GNNExplainer(Explainer):
    r"""Masks that keep the prediction while they are small and nearly 0 or 1.

    With :math:`m = \sigma(M)` of the edges and :math:`f = \sigma(F)` of the features, it minimises

    .. math:: -\log p_y(A \odot m, X \odot f) + \lambda_s \sum_e m_e + \lambda_h \overline{H(m)}
        + \mu_s \overline{f} + \mu_h \overline{H(f)}

    where :math:`H` is the entropy of a coin and a bar a mean. Edges and features without a gradient
    at the first step cannot matter: they are 0, and no term counts them.

    Args:
        epochs: steps of Adam.
        lr: of Adam.
        edge_size: :math:`\lambda_s`.
        edge_entropy: :math:`\lambda_h`.
        feature_size: :math:`\mu_s`.
        feature_entropy: :math:`\mu_h`.
        symmetric: give both directions of an edge the mean of their two masks.
        start: the mean of M at first; above 0 edges begin as rather there.
        features: ``common_attributes`` masks columns (1, F), ``attributes`` single numbers (n, F),
            ``object`` nodes (n, 1), None leaves features as they are.
        edges: False leaves the edges as they are.
        seed: of the masks that it begins with.

    Source:
        Ying, Bourgeois, You, Zitnik and Leskovec, "GNNExplainer: Generating Explanations for Graph
        Neural Networks", NeurIPS 2019 (https://arxiv.org/abs/1903.03894). Its code explains the
        true label, where this explains the prediction unless told otherwise, and adds a smoothness
        of the predicted classes' numbers over the edges, which is left out.

    Cost:
        a forward and a backward pass over the part of the graph each epoch.
    """

    epochs: int = 100
    lr: float = 0.1
    edge_size: float = 0.005
    edge_entropy: float = 1.0
    feature_size: float = 1.0
    feature_entropy: float = 0.1
    symmetric: bool = True
    start: float = 1.0
    features: Features | None = "common_attributes"
    edges: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("epochs", self.epochs)
        check_positive("lr", self.lr)
        for name in ("edge_size", "edge_entropy", "feature_size", "feature_entropy"):
            check_not_negative(name, getattr(self, name))
        checked_seed(self.seed)
        if not self.edges and self.features is None:
            raise ValueError("edges is False and features None, so nothing is masked: mask one")

    def masks(self, case: Case) -> Masks:
        if self.edges:
            case.check_reads_weights()
        free = self._begin(case)
        reverse = reverse_arcs(case.edge_index) if self.symmetric else None
        optimizer = torch.optim.Adam([mask for mask in free if mask is not None], lr=self.lr)
        alive: list[Tensor | None] = [None, None]
        for epoch in range(self.epochs):
            edge, feature = soft(free[0], reverse), soft(free[1], None)
            weight = case.weight if edge is None else case.weight * edge
            x = case.x if feature is None else case.x * feature
            loss = case.loss(x, weight)
            loss = loss + self._edge_terms(edge, alive[0]) + self._feature_terms(feature, alive[1])
            self._step(loss, free, optimizer)
            if epoch == 0:
                alive = [None if mask is None else _matters(mask) for mask in free]
        edge, feature = soft(free[0], reverse), soft(free[1], None)
        return _kept(edge, alive[0]), _kept(feature, alive[1])

    def _begin(self, case: Case) -> tuple[Tensor | None, Tensor | None]:
        """Free masks, drawn for the whole graph, so that they are the same on a part of it."""
        generator = torch.Generator().manual_seed(self.seed)
        nodes, edges = int(case.whole.num_nodes or 0), case.whole.num_edges
        feature = None
        if self.features is not None:
            width = case.x.shape[1]
            shapes = {"common_attributes": (1, width), "attributes": (nodes, width)}
            feature = 0.1 * torch.randn(shapes.get(self.features, (nodes, 1)), generator=generator)
            shared = self.features == "common_attributes"
            feature = (feature if shared else feature[case.nodes]).to(case.x)
        if not self.edges:
            return None, _leaf(feature)
        wide = math.sqrt(2) * math.sqrt(2 / (2 * nodes))
        edge = self.start + wide * torch.randn(edges, generator=generator)[case.edges]
        return _leaf(edge.to(case.x)), _leaf(feature)

    def _step(self, loss: Tensor, free: tuple[Tensor | None, ...], adam: torch.optim.Adam) -> None:
        """One step by the gradients of the masks alone; the model's stay as they are."""
        masks = [mask for mask in free if mask is not None]
        slopes = torch.autograd.grad(loss, masks, allow_unused=True)
        for mask, slope in zip(masks, slopes, strict=True):
            mask.grad = torch.zeros_like(mask) if slope is None else slope
        adam.step()

    def _edge_terms(self, mask: Tensor | None, alive: Tensor | None) -> Tensor | float:
        if mask is None or alive is None or not bool(alive.any()):
            return 0.0
        kept = mask[alive]
        return self.edge_size * kept.sum() + self.edge_entropy * entropy(kept).mean()

    def _feature_terms(self, mask: Tensor | None, alive: Tensor | None) -> Tensor | float:
        if mask is None or alive is None or not bool(alive.any()):
            return 0.0
        kept = mask[alive]
        return self.feature_size * kept.mean() + self.feature_entropy * entropy(kept).mean()


def soft(mask: Tensor | None, reverse: Tensor | None) -> Tensor | None:
    """The free mask as shares; with ``reverse``, the mean of both directions of an edge."""
    if mask is None:
        return None
    share = mask.sigmoid()
    return share if reverse is None else (share + share[reverse]) / 2


def entropy(share: Tensor) -> Tensor:
    """The entropy of a coin, in nats."""
    return -share * (share + TINY).log() - (1 - share) * (1 - share + TINY).log()


def _leaf(mask: Tensor | None) -> Tensor | None:
    return None if mask is None else mask.clone().requires_grad_()


def _matters(mask: Tensor) -> Tensor:
    return torch.zeros_like(mask, dtype=torch.bool) if mask.grad is None else mask.grad != 0


def _kept(mask: Tensor | None, alive: Tensor | None) -> Tensor | None:
    return mask if mask is None or alive is None else mask * alive
