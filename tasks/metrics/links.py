"""Metrics of link prediction, as fractions, from scores of true and false pairs.

Every function takes the scores of P links ``(P,)`` and of pairs that are none: ``(Q,)`` that all of
them are ranked against, or ``(P, K)``, each against its own. Larger is likelier.

True pairs within many graphs are ranked among all nodes of their graph instead
(:mod:`gnnlab.tasks.rank_metrics`), so that no negatives are named: these are the metrics of
``WITHIN_GRAPHS``. ``filtered_mrr`` is one of both: known links never count as rivals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.tasks.metrics.classes import binary_average_precision, binary_roc_auc
from gnnlab.tasks.metrics.own import own_function, own_record
from gnnlab.tasks.metrics.ranks import Against
from gnnlab.tasks.metrics.record import Function, Metric

HITS = re.compile(r"hits@([1-9]\d*)")


def ranks(positive: Tensor, negative: Tensor, left_out: Tensor | None = None) -> Tensor:
    r"""Return the rank of every link among negatives, from 1; a tie counts a half.

    .. math:: r_i = 1 + \sum_j [n_j > p_i] + [n_j = p_i] / 2

    This is the mean of the optimistic and the pessimistic rank, as the Open Graph Benchmark has it.

    Args:
        positive, negative: scores.
        left_out: which negatives do not count: those that are links, for the *filtered* rank.

    Shapes:
        positive (P,), negative (Q,) or (P, K), left_out bool like negative -> (P,) float64

    Raises:
        ValueError: shapes that do not go together, no scores, scores that are nan.

    Cost: O((P + Q) log Q), or O(P K).
    """
    positive, negative = _checked(positive, negative)
    if negative.dim() == 1:
        order = (negative if left_out is None else negative[~left_out]).sort().values
        above = len(order) - torch.searchsorted(order, positive, right=True)
        level = len(order) - torch.searchsorted(order, positive) - above
        return 1 + above.double() + level.double() / 2
    own = positive[:, None]
    above, level = negative > own, negative == own
    if left_out is not None:
        above, level = above & ~left_out, level & ~left_out
    return 1 + above.sum(1).double() + level.sum(1).double() / 2


def mrr(positive: Tensor, negative: Tensor, left_out: Tensor | None = None) -> float:
    r"""Return the mean reciprocal rank, :math:`\frac{1}{P} \sum_i 1 / r_i`; see :func:`ranks`.

    Shapes:
        positive (P,), negative (Q,) or (P, K), left_out bool like negative, or None
    """
    return float(ranks(positive, negative, left_out).reciprocal().mean())


def hits(positive: Tensor, negative: Tensor, k: int) -> float:
    r"""Return the share of links that rank among the first k.

    Against shared negatives a link must beat the k-th of them, and a tie with it is no hit; with
    fewer than k negatives all are hits. Against its own, a link's rank (ties a half) is at most k.
    Both are what the Open Graph Benchmark computes.

    .. math:: \frac{1}{P} |\{i: p_i > n_{(k)}\}| \quad\text{or}\quad
              \frac{1}{P} |\{i: r_i \le k\}|

    Shapes:
        positive (P,), negative (Q,) or (P, K)
    """
    positive, negative = _checked(positive, negative)
    if negative.dim() == 2:
        return float((ranks(positive, negative) <= k).double().mean())
    if len(negative) < k:
        return 1.0
    return float((positive > negative.topk(k).values[-1]).double().mean())


def roc_auc(positive: Tensor, negative: Tensor) -> float:
    """Return the chance that a link scores above a pair that is none; a tie counts a half.

    Shapes:
        positive (P,), negative (Q,) or (P, K), of which all are taken together
    """
    return float(binary_roc_auc(*_together(positive, negative)))


def average_precision(positive: Tensor, negative: Tensor) -> float:
    """Return the precision averaged over the links, each at its own score.

    Shapes:
        positive (P,), negative (Q,) or (P, K), of which all are taken together
    """
    return float(binary_average_precision(*_together(positive, negative)))


KINDS = ("links",)
METRICS = (
    Metric("average_precision", average_precision, KINDS),
    Metric("filtered_mrr", mrr, KINDS),  # to be told which negatives are links
    Metric("mrr", mrr, KINDS),
    Metric("roc_auc", roc_auc, KINDS),
)
"""Those without a number in their name; ``hits@K`` is found by :func:`find`."""
NAMES = tuple(record.name for record in METRICS)
WITHIN_GRAPHS: dict[str, Against] = {
    "extended_mrr": "extended",
    "filtered_mrr": "filtered",
    "raw_mrr": "raw",
}
"""Those of pairs within many graphs: whom a true pair is ranked against."""


def find(name: str) -> Function:
    """Return the metric of that name, ``hits@50`` for instance.

    Raises:
        ValueError: there is none, or it is of pairs within many graphs alone.
    """
    if (own := own_record(name)) is not None:
        return own_function(own)
    check_name(name)
    for record in METRICS:
        if record.name == name:
            return record.function
    k = hits_of(name)
    if k is None:
        raise ValueError(
            f"the metric is {shown(name)}, which ranks among all nodes of a graph where there are "
            "many: take 'mrr' or 'filtered_mrr' for the links of one"
        )
    return lambda positive, negative: hits(positive, negative, k)


def check_name(name: str) -> None:
    """Refuse a metric that is not there, be it of one graph or of many.

    Raises:
        ValueError: all there are.
    """
    if own_record(name) is not None:
        return
    known = [*sorted({*NAMES, *WITHIN_GRAPHS}), "hits@K, such as hits@100"]
    check_word(name, known)
    if not is_known(name):
        raise ValueError(f"there is no metric {name!r} for links: take one of {', '.join(known)}")


def check_word(name: object, known: Iterable[str]) -> None:
    """Refuse a metric that is neither named nor a function.

    Raises:
        ValueError: all there are.
    """
    if not isinstance(name, str):
        raise ValueError(
            f"metric is {shown(name)}, but it is a function, a Metric, or the name of one, such as "
            f"{', '.join(sorted(known))}"
        )


def is_known(name: str) -> bool:
    """Whether there is a metric of that name."""
    return name in NAMES or name in WITHIN_GRAPHS or hits_of(name) is not None


def hits_of(name: str) -> int | None:
    """The K of ``hits@K``; None for another name."""
    found = HITS.fullmatch(name)
    return int(found[1]) if found else None


def _checked(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    fits = positive.dim() == 1 and (
        negative.dim() == 1 or (negative.dim() == 2 and len(negative) == len(positive))
    )
    if not fits or not positive.numel() or not negative.numel():
        raise ValueError(
            f"scores of shape {tuple(positive.shape)} and {tuple(negative.shape)} do not go "
            "together: a metric needs (P,) and (Q,) or (P, K), with at least one of each"
        )
    if bool(positive.isnan().any()) or bool(negative.isnan().any()):
        raise ValueError("scores hold nan, so there is no order among them: did training diverge?")
    return positive.detach(), negative.detach()


def _together(positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    positive, negative = _checked(positive, negative)
    scores = torch.cat([positive, negative.reshape(-1)])
    return scores, torch.arange(len(scores), device=scores.device) < len(positive)
