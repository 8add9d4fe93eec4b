"""Predictions by name: probabilities or numbers, a row a node, graph or pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    import pandas as pd

LINKS = ("no link", "link")


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says.

    Args:
        values: of classes the probability of each; of labels that each holds; of pairs (P,) that
            they are linked; of numbers these, in their own units.
        outputs: what the values were computed from: logits, or the numbers.
        kind: ``classes``, ``labels``, ``regression`` or ``links``.
        names: of the classes, labels or numbers.
        rows: what each row is of, by name of a column: the number of its node or graph, or both,
            or the two nodes of its pair.
        spread: the standard deviation (ddof 1) between several models, of each value.
        ids: what the nodes of one graph are called, its ``node_ids``; of molecules their SMILES.

    Shapes:
        values (n, C), (n, T) or (P,); outputs (n, C), (n, 1), (n, T) or (P,); rows (n,) each
    """

    values: Tensor
    outputs: Tensor
    kind: str
    names: tuple[str, ...]
    rows: dict[str, Tensor]
    spread: Tensor | None = None
    ids: tuple[Any, ...] | None = None

    @property
    def labels(self) -> list[Any] | None:
        """The most probable class of each row by name; the labels that hold, a list a row; ``link``
        or ``no link``; None of numbers."""
        if self.kind == "classes":
            return [self.names[number] for number in self.values.argmax(1).tolist()]
        if self.kind == "labels":
            rows = (self.values >= 0.5).tolist()
            return [[n for n, on in zip(self.names, row, strict=True) if on] for row in rows]
        if self.kind == "links":
            return [LINKS[on] for on in (self.values >= 0.5).tolist()]
        return None

    def table(self) -> pd.DataFrame:
        """Return a row for each: what it is of, its label, and each value by name."""
        import pandas as pd

        found: dict[str, Any] = {}
        for name, places in self.rows.items():
            found[name] = places.tolist()
            if self.ids is not None and (name == "graph" or "graph" not in self.rows):
                found[f"{name}_id"] = [self.ids[number] for number in found[name]]
        labels = self.labels
        if labels is not None:
            found["label"] = [" ".join(one) if isinstance(one, list) else one for one in labels]
        numbers = {"": self.values, " ±": self.spread}
        for suffix, values in numbers.items():
            if values is not None:
                columns = values.reshape(len(values), -1).T.tolist()
                for name, column in zip(self.names or ("link",), columns, strict=True):
                    found[self._column(name) + suffix] = column
        return pd.DataFrame(found)

    def _column(self, name: str) -> str:
        """A column's name: numbers and labels have their own, classes the probability."""
        return name if self.kind == "regression" else f"p({name})"

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        shape = tuple(self.values.shape)
        told = "" if self.spread is None else ", with spread"
        return f"Prediction({self.kind}: values {shape}{told})"


def values_of(outputs: Tensor, kind: str, names: tuple[str, ...]) -> Tensor:
    r"""Turn outputs into probabilities; numbers stay as they are.

    .. math:: \text{two classes of one logit: } [1 - \sigma(s), \sigma(s)] \qquad
        \text{classes: } \operatorname{softmax}(s) \qquad \text{labels, links: } \sigma(s)
    """
    if kind == "regression":
        return outputs
    if kind == "classes" and outputs.shape[1] != len(names):
        return torch.cat([(-outputs).sigmoid(), outputs.sigmoid()], dim=1)
    return outputs.softmax(1) if kind == "classes" else outputs.sigmoid()


def told_of(
    outputs: Tensor, kind: str, names: tuple[str, ...], rows: dict[str, Tensor]
) -> Prediction:
    """Make a prediction of a model's outputs."""
    outputs = outputs.detach().cpu()
    return Prediction(values_of(outputs, kind, names), outputs, kind, names, rows)
