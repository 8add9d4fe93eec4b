"""Method of explanation: the base class, which reads the prediction and places the masks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.core.arguments import check_flag
from gnnlab.core.registry import Family
from gnnlab.core.settings import check_settings
from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.explanation import Explanation
from gnnlab.tasks.explanation.reading import Target, read_case, read_model

if TYPE_CHECKING:
    from torch_geometric.data import Data

Masks = tuple[Tensor | None, Tensor | None]
"""Of edges (m,), and of features (n, F), (n, 1) or (1, F)."""


@dataclass(frozen=True)
class Explainer(ABC):
    """A method that explains predictions: a frozen dataclass of its settings.

    A method defines ``masks``. What it says of edges it learns from edge weights: a mask multiplies
    ``data.edge_weight``, ones where the graph has none.
    """

    def __post_init__(self) -> None:
        check_settings(self)

    def __call__(
        self,
        model: Any,
        data: Data,
        node: int | None = None,
        *,
        pair: tuple[int, int] | None = None,
        target: Target = "prediction",
        cut: bool = True,
    ) -> Explanation:
        """Explain one prediction.

        The model is read in eval mode and stays as it is. It may be a result of ``fit``, its model,
        or any encoder that returns logits.

        Args:
            model: what predicts.
            data: the graph, as it was given to ``fit``.
            node: whose prediction is explained, where nodes are predicted.
            pair: the two ends of a link, where links are.
            target: ``prediction``, the class that the model gives; ``label``, what ``data.y`` says;
                or a class, or the column of several numbers.
            cut: look at the part of the graph alone that the prediction depends on: the same masks
                for less.

        Raises:
            ValueError: a node or a class that there is not; a model that reads no edge weights
                where a method needs them.
        """
        check_flag("cut", cut)
        module = read_model(model)
        with evaluating(module), torch.inference_mode(False), torch.enable_grad():
            case = read_case(module, data, node, pair, target, cut)
            edge_mask, node_mask = self.masks(case)
            kept = [None if mask is None else mask.detach() for mask in (edge_mask, node_mask)]
            return case.explanation(kept[0], kept[1], repr(self))

    @abstractmethod
    def masks(self, case: Case) -> Masks:
        """Return the masks of edges and of features, on the case's part of the graph."""

    def __repr__(self) -> str:
        own = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        told = ", ".join(
            f"{name}={value!r}" for name, (value, usual) in own.items() if value != usual
        )
        return f"{type(self).__name__}({told})"


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, and every part of it back as it was."""
    was = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in was:
            part.training = training


def _is_explainer(cls: Any) -> bool:
    return issubclass(cls, Explainer) and cls is not Explainer


explainers: Family[type[Explainer]] = Family(
    "explainer", "gnnlab.explain", _is_explainer, text="Every exported explainer by name."
)
