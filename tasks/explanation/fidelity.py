"""Fidelity: how much a prediction falls without its explanation, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_choice, check_count, check_share
from gnnlab.core.settings import checked
from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.explanation import Explanation
from gnnlab.tasks.explanation.method import evaluating
from gnnlab.tasks.explanation.reading import read_case, read_model, transformed
from gnnlab.tasks.explanation.reverse_arcs import reverse_arcs
from gnnlab.tasks.training.seed import checked_seed


class Fidelity(NamedTuple):
    """How good an explanation is, by the model's own answers."""

    plus: float
    """How much the prediction falls without the explanation's edges; more is better."""
    minus: float
    """How much it falls without the others; less is better."""

    @property
    def delta(self) -> float:
        """plus − minus."""
        return self.plus - self.minus

    @property
    def sufficiency(self) -> float:
        """1 − minus: how much of the prediction the explanation's edges alone keep."""
        return 1 - self.minus

    @property
    def characterization(self) -> float:
        """The harmonic mean of plus and 1 − minus; 0 where one of them is not above 0."""
        kept = self.sufficiency
        return 2 * self.plus * kept / (self.plus + kept) if min(self.plus, kept) > 0 else 0.0


@checked
def fidelity(
    model: Any,
    explanation: Explanation,
    count: int | None = None,
    *,
    alpha1: float = 0.1,
    alpha2: float = 0.9,
    samples: int = 50,
    of: Literal["probability", "accuracy"] = "probability",
    seed: int = 0,
) -> Fidelity:
    r"""Measure how much a prediction depends on the edges of an explanation S.

    .. math:: \mathrm{Fid}^+ = f(G)_y - \mathbb{E} f(G - E_{\alpha_1}(S))_y, \quad
        \mathrm{Fid}^- = f(G)_y - \mathbb{E} f(S + E_{\alpha_2}(G - S))_y

    :math:`E_\alpha` draws every edge, both directions at once, with probability alpha. With
    ``alpha1=1, alpha2=0`` they are the classical measures: all of S is taken away, and S alone is
    left. Such graphs are unlike any that the model has seen, so that its answer says little; with
    the usual settings most edges stay. Edges are deleted, not weighed by 0.

    Args:
        model: as an explainer takes it.
        explanation: S is its edges with a mask above 0.
        count: keep the most important of them alone; None keeps all.
        alpha1, alpha2: see the formula.
        samples: graphs that each mean is over; one where nothing is random.
        of: ``probability`` of the class, or ``accuracy``, whether the class is still predicted.
        seed: of the draws.

    Raises:
        ValueError: an explanation without edges, a prediction of numbers.

    Source:
        Zheng et al., "Towards Robust Fidelity for Evaluating Explainability of Graph Neural
        Networks", ICLR 2024 (https://arxiv.org/abs/2310.01820).

    Cost:
        two forward passes a sample over the part of the graph that the prediction depends on.
    """
    for name, share in (("alpha1", alpha1), ("alpha2", alpha2)):
        check_share(name, share)
    check_count("samples", samples)
    check_choice("of", of, ("probability", "accuracy"))
    generator = torch.Generator().manual_seed(checked_seed(seed))
    module = read_model(model)
    with evaluating(module), torch.no_grad():
        case = read_case(
            module, explanation.data, explanation.node, explanation.pair, explanation.target, True
        )
        if case.numbers:
            raise ValueError(
                "the model predicts numbers, but fidelity is the fall of a class's probability: "
                "compare predictions of explanation.subgraph(count) yourself"
            )
        inside = _edges_of(explanation, count)[case.edges]
        drawn = Draws(case, inside, generator)
        whole = score(case, of)
        means = []
        for alpha, cut in ((alpha1, True), (alpha2, False)):
            rounds = 1 if alpha in (0, 1) else samples
            found = [score(with_edges(case, drawn(alpha, cut)), of) for _ in range(rounds)]
            means.append(sum(found) / rounds)
    return Fidelity(whole - means[0], whole - means[1])


class Draws:
    """Which edges stay: of S a part goes, or to S a part of the others comes."""

    def __init__(self, case: Case, inside: Tensor, generator: torch.Generator) -> None:
        back = reverse_arcs(case.edge_index).cpu()
        self.inside, self.generator = inside.cpu(), generator
        self.pair = torch.minimum(torch.arange(len(back)), back)

    def __call__(self, alpha: float, cut: bool) -> Tensor:
        drawn = torch.rand(len(self.pair), generator=self.generator)[self.pair] < alpha
        return ~(self.inside & drawn) if cut else self.inside | drawn


def _edges_of(explanation: Explanation, count: int | None) -> Tensor:
    mask = explanation.edges()
    inside = mask > 0
    return inside if count is None else inside & (explanation.hard(count).edges() > 0)


def score(case: Case, of: str) -> float:
    """The probability of the class, or 1 where it is predicted and else 0."""
    out = case.output()
    return case.chance() if of == "probability" else float(out.argmax() == case.target)


def with_edges(case: Case, keep: Tensor) -> Case:
    """The case on the graph without some of its edges.

    Shapes:
        keep (m,) bool
    """
    own = declared(getattr(case.model, "encoder", case.model))
    if not own.transforms():
        return replace(
            case, data=case.data.edge_subgraph(keep.to(case.x.device)), edges=case.edges[keep]
        )
    kept = torch.ones(case.whole.num_edges, dtype=torch.bool)
    kept[case.edges] = keep
    whole = case.whole.edge_subgraph(kept)
    data = transformed(whole.to(str(case.x.device)), case.model)
    return replace(case, data=data, edges=case.edges[keep])
