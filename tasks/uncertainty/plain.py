"""Plain conformal sets: by a threshold, and by adaptive masses (split conformal, APS, RAPS)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gnnlab.core.arguments import check_count, check_not_negative
from gnnlab.tasks.uncertainty.method import Conformal, Predicted
from gnnlab.tasks.uncertainty.scores import adaptive_scores, ranks, threshold_scores


@dataclass(frozen=True)
class Split(Conformal):
    r"""All classes that are likely enough, :math:`s = 1 - p_y`: the smallest sets on average.

    A node of whose classes none is likely enough has an empty set.

    Source:
        Sadinle, Lei and Wasserman, "Least Ambiguous Set-Valued Classifiers with Bounded Error
        Levels", JASA 114, 2019 (https://arxiv.org/abs/1609.00451).

    Cost:
        O(N C).
    """

    def scores(self, said: Predicted) -> Tensor:
        return threshold_scores(said.chances)


@dataclass(frozen=True)
class APS(Conformal):
    """The likeliest classes, until their mass is enough: hard nodes get larger sets.

    Args:
        randomised: leave a random part of the last class's mass out, by which coverage is exact;
            False gives larger sets that cover more.

    Source:
        Romano, Sesia and Candès, "Classification with Valid and Adaptive Coverage", NeurIPS 2020
        (https://arxiv.org/abs/2006.02544).

    Cost:
        O(N C log C).
    """

    randomised: bool = True

    def scores(self, said: Predicted) -> Tensor:
        return adaptive_scores(said.chances, said.drawn if self.randomised else None)


@dataclass(frozen=True)
class RAPS(Conformal):
    r"""APS with a price on every class beyond the first few: fewer very large sets.

    .. math:: s_{\mathrm{RAPS}} = s_{\mathrm{APS}} + \lambda \max(0, \operatorname{rank}(y) - k)

    Args:
        penalty: :math:`\lambda`.
        free: k, how many classes cost nothing.
        randomised: as of :class:`APS`.

    Source:
        Angelopoulos, Bates, Malik and Jordan, "Uncertainty Sets for Image Classifiers using
        Conformal Prediction", ICLR 2021 (https://arxiv.org/abs/2009.14193).

    Cost:
        O(N C log C).
    """

    penalty: float = 0.1
    free: int = 1
    randomised: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_not_negative("penalty", self.penalty)
        check_count("free", self.free, 0)

    def scores(self, said: Predicted) -> Tensor:
        plain = adaptive_scores(said.chances, said.drawn if self.randomised else None)
        return plain + self.penalty * (ranks(said.chances) - self.free).clamp(min=0)
