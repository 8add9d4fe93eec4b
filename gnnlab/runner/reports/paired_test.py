"""Paired test: scores of the same splits and seeds, compared in pairs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gnnlab.runner.runs.run import Pair


@dataclass(frozen=True)
class Difference:
    """How far scores lie above others of the same splits and seeds.

    Args:
        mean: over the pairs, in the scores' units.
        p: of the corrected paired t-test, two-sided.
    """

    mean: float
    p: float


def difference(
    scores: Mapping[Pair, float], others: Mapping[Pair, float], share: float
) -> Difference:
    """Set scores beside others, pair by pair.

    Args:
        share: test rows for each training row, as :func:`corrected_t_test` takes it.
    """
    apart = [score - others[pair] for pair, score in scores.items()]
    return Difference(statistics.fmean(apart), corrected_t_test(apart, share))


def corrected_t_test(differences: Sequence[float], share: float) -> float:
    r"""Return the two-sided p of a paired t-test over drawn splits.

    .. math:: t = \bar d \Big/ \sqrt{\Big(\frac{1}{n} + \frac{n_2}{n_1}\Big) s_d^2}

    With n - 1 degrees of freedom. Runs on overlapping splits are not independent; the second term,
    test rows for each training row, stands for that. All differences equal give 1 (all 0) or 0.

    Args:
        differences: of n pairs.
        share: n_2 / n_1; 0 gives the ordinary paired t-test.

    Source:
        Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003
        (https://doi.org/10.1023/A:1024068626366).
    """
    from scipy.stats import t as student

    count = len(differences)
    if count < 2:
        return math.nan
    mean, variance = statistics.fmean(differences), statistics.variance(differences)
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * student.sf(abs(mean) / math.sqrt((1 / count + share) * variance), count - 1))
