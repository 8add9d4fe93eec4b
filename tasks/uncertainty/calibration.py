"""Calibration: conformal sets of a trained classifier, and what they come to on other nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_positive, check_share, shown
from gnnlab.core.settings import checked
from gnnlab.tasks.shared.methods import make_method
from gnnlab.tasks.training.seed import checked_seed
from gnnlab.tasks.uncertainty.method import Conformal, Predicted, generator_of, methods
from gnnlab.tasks.uncertainty.parts import calibration_part
from gnnlab.tasks.uncertainty.reading import probabilities

if TYPE_CHECKING:
    from pandas import DataFrame
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Sets of classes for all nodes, and the nodes that they were calibrated and may be judged on.

    Args:
        sets: whether a class is in the set of a node.
        alpha: the share of errors that was asked for.
        method: that made them, with its settings.
        calibration: the nodes whose labels were looked at.
        judged: the nodes that coverage is measured on.
        labels: -1 where unknown.

    Shapes:
        sets (N, C) bool, calibration, judged (N,) bool, labels (N,)
    """

    sets: Tensor
    alpha: float
    method: str
    calibration: Tensor
    judged: Tensor
    labels: Tensor

    def __repr__(self) -> str:
        return (
            f"Calibrated by {self.method} on {int(self.calibration.sum())} nodes: coverage "
            f"{self.coverage:.3f} of {1 - self.alpha:.3g}, {self.size:.2f} of "
            f"{self.sets.shape[1]} classes a set, on {int(self.judged.sum())} nodes"
        )

    @property
    def coverage(self) -> float:
        """The share of judged nodes whose set holds their label."""
        return float(self._held().double().mean())

    @property
    def size(self) -> float:
        """The mean number of classes in a judged node's set; empty sets are counted as 0."""
        return float(self._sizes().double().mean())

    @property
    def single(self) -> float:
        """The share of judged nodes whose set is one class."""
        return float((self._sizes() == 1).double().mean())

    @property
    def empty(self) -> float:
        """The share of judged nodes whose set is empty."""
        return float((self._sizes() == 0).double().mean())

    def by_class(self) -> DataFrame:
        """Return coverage and size of the judged nodes, all of them and those of each class.

        The columns are class, nodes, coverage, size, single and empty; class -1 is all of them.
        """
        from pandas import DataFrame

        return DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, float]]:
        labels, held, sizes = self.labels[self.judged], self._held(), self._sizes().double()
        for number in (-1, *torch.unique(labels).tolist()):
            own = labels == number if number >= 0 else torch.ones_like(held)
            yield {
                "class": number,
                "nodes": int(own.sum()),
                "coverage": float(held[own].double().mean()),
                "size": float(sizes[own].mean()),
                "single": float((sizes[own] == 1).double().mean()),
                "empty": float((sizes[own] == 0).double().mean()),
            }

    def _held(self) -> Tensor:
        nodes = self.judged.nonzero().flatten()
        return self.sets[nodes, self.labels[nodes]]

    def _sizes(self) -> Tensor:
        return self.sets[self.judged].sum(1)


@checked
def calibrate(
    result: Any,
    data: Data,
    alpha: float = 0.1,
    *,
    method: Any = "aps",
    calibration: Tensor | float | None = None,
    split: int = 0,
    seed: int = 0,
) -> Calibrated:
    r"""Turn a classifier's probabilities into sets that hold the right class with 1 − alpha.

    A set of a new node holds its class with probability at least :math:`1 - \alpha`, and at most
    :math:`1 - \alpha + 1 / (n + 1)` where scores have no ties, on average over draws of the n
    calibration nodes. That holds where they are like the new ones: neither trained on nor used to
    select the epoch. So calibration nodes come from the test part, and coverage is measured on the
    rest of it.

    Args:
        result: of ``fit`` on node classification, its model, an encoder that returns logits, or
            probabilities (N, C).
        data: the graph, as it was given to ``fit``.
        alpha: the share of errors, above 0 and below 1.
        method: a name (``split``, ``aps``, ``raps``, ``naps``, ``daps``, ``cfgnn``), a table with a
            name and settings, or a method.
        calibration: (N,) bool, or a share of the test nodes, which ``seed`` draws; None takes
            ``data.calib_mask`` where there is one, and else half of the test nodes.
        split: which column of the masks.
        seed: of the draw and of randomised scores.

    Raises:
        ValueError: no node to calibrate on, or one that was trained on or selected by.

    Example:
        >>> from gnnlab import datasets, tasks
        >>> from gnnlab.layers import GCN
        >>> data = datasets.csbm(nodes=300)
        >>> result = tasks.fit(tasks.NodeClassification(), GCN(data.num_features, 8, 2), data,
        ...                    tasks.Training(epochs=5))
        >>> calibrate(result, data, alpha=0.1).sets.shape
        torch.Size([300, 2])
    """
    check_positive("alpha", alpha)
    check_share("alpha", alpha)
    if alpha >= 1:
        raise ValueError(
            f"alpha is {shown(alpha)}, but sets that may all be wrong are no use: take less"
        )
    own: Conformal = make_method(methods, method, "method")
    chances = probabilities(result, data)
    labels = _labels(data, chances)
    known, judged = calibration_part(data, labels, calibration, split, seed)
    generator = generator_of(checked_seed(seed))
    drawn = torch.rand(len(chances), generator=generator, dtype=chances.dtype)
    places = known.nonzero().flatten()
    places = places[torch.randperm(len(places), generator=generator)]
    edges = data.edge_index.detach().cpu()
    said = Predicted(chances, labels, edges, places, drawn, seed)
    with torch.no_grad():
        found = own.sets(said, alpha)
    return Calibrated(found, alpha, repr(own), known, judged, labels)


def sets(
    result: Any,
    data: Data,
    alpha: float = 0.1,
    *,
    method: Any = "aps",
    calibration: Tensor | float | None = None,
    split: int = 0,
    seed: int = 0,
) -> Tensor:
    """Return conformal sets of classes for all nodes; see :func:`calibrate`.

    Shapes:
        -> (N, C) bool
    """
    found = calibrate(
        result, data, alpha, method=method, calibration=calibration, split=split, seed=seed
    )
    return found.sets


def _labels(data: Data, chances: Tensor) -> Tensor:
    y = data.to_dict().get("y")
    if not isinstance(y, Tensor) or y.dim() != 1 or y.is_floating_point() or len(y) != len(chances):
        raise ValueError(
            f"data.y is {described(y)}, but sets are calibrated by a class of each of the "
            f"{len(chances)} nodes: give (N,) class numbers, -1 where unknown"
        )
    if int(y.max()) >= chances.shape[1]:
        raise ValueError(
            f"data.y goes up to {int(y.max())}, but the model tells {chances.shape[1]} classes "
            "apart: give the data that it was trained on"
        )
    return y.detach().cpu().long()
