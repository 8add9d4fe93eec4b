"""NAPS: conformal sets by the calibration nodes around a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.tasks.uncertainty.method import Base, Conformal, Predicted
from gnnlab.tasks.uncertainty.quantiles import weighted_quantiles

Decay = Literal["none", "hyperbolic", "geometric"]


@dataclass(frozen=True)
class NAPS(Conformal):
    r"""A quantile for each node, of the calibration nodes within k hops, near ones counting more.

    The weight of a calibration node d hops away is 1, :math:`1/d` or :math:`2^{-(d-1)}`; the node
    itself weighs 1. Where too few are near, a set holds every class: with weights of 1 and
    ``alpha=0.1`` nine are needed. Coverage holds as far as near nodes are alike.

    Args:
        hops: k; edges are taken both ways.
        decay: of the weights: ``none``, ``hyperbolic`` or ``geometric``.
        base: the scores, ``aps`` with random parts or ``split``.

    Source:
        Clarkson, "Distribution Free Prediction Sets for Node Classification", ICML 2023
        (https://arxiv.org/abs/2211.14555). Its code looks for the quantile by root finding on a
        step function, which gives an arbitrary point of a jump; here it is exact.

    Cost:
        the pairs within k hops of the calibration nodes, sorted.
    """

    hops: int = 2
    decay: Decay = "none"
    base: Base = "aps"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("hops", self.hops)

    def scores(self, said: Predicted) -> Tensor:
        return said.base(self.base)

    def sets(self, said: Predicted, alpha: float) -> Tensor:
        scores = self.scores(said)
        rows, columns, away = within(said.edge_index, len(scores), said.calibration, self.hops)
        weights = {
            "none": torch.ones_like(away),
            "hyperbolic": 1 / away,
            "geometric": 2.0 ** (1 - away),
        }[self.decay]
        found = weighted_quantiles(said.own(scores), rows, columns, weights, len(scores), alpha)
        return scores <= found[:, None]


def within(
    edge_index: Tensor, nodes: int, roots: Tensor, hops: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return all pairs of a node and a root at most so many hops away, and how far it is.

    A root is no pair with itself. The pairs are (node, place in ``roots``, hops as a float).
    """
    import scipy.sparse as sp

    first, second = edge_index.cpu().numpy()
    ones = np.ones(2 * len(first), dtype=np.float32)
    ends = np.concatenate([first, second]), np.concatenate([second, first])
    adjacency: Any = sp.csr_matrix((ones, ends), shape=(nodes, nodes))
    places = np.arange(len(roots))
    start = sp.csr_matrix((np.ones(len(roots), np.float32), (roots.numpy(), places)),
                          shape=(nodes, len(roots)))  # fmt: skip
    seen, found = start, []
    for hop in range(1, hops + 1):
        reached = adjacency @ seen + seen
        reached.data[:] = 1
        new = (reached - seen).tocoo()
        new.eliminate_zeros()
        found.append((new.row, new.col, np.full(len(new.row), hop, np.float32)))
        seen = reached
    rows, columns, away = (np.concatenate(part) for part in zip(*found, strict=True))
    return torch.from_numpy(rows).long(), torch.from_numpy(columns).long(), torch.from_numpy(away)
