"""Ensembles: several trained models asked together, with mean and spread of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gnnlab.core.arguments import shown
from gnnlab.tasks.saved.of_result import Kept, predictor_of
from gnnlab.tasks.saved.prediction import Prediction
from gnnlab.tasks.saved.predictor import Predictor


class Ensemble:
    r"""Trained models of one task, such as those of several seeds, whose predictions are averaged.

    .. math:: \bar p = \frac{1}{M} \sum_m p_m, \qquad
        s = \sqrt{\frac{1}{M - 1} \sum_m (p_m - \bar p)^2}

    Probabilities are averaged, and not logits.

    Args:
        models: results, or loaded models.

    Raises:
        ValueError: none, or models that say different things.

    Source:
        Lakshminarayanan, Pritzel and Blundell, "Simple and Scalable Predictive Uncertainty
        Estimation using Deep Ensembles", NeurIPS 2017 (https://arxiv.org/abs/1612.01474).
    """

    def __init__(self, models: Sequence[Predictor | Kept]) -> None:
        if not isinstance(models, Sequence) or not models:
            raise ValueError(
                f"models is {shown(models)}, but an ensemble is a list of results or loaded models"
            )
        self.models = [one if isinstance(one, Predictor) else predictor_of(one) for one in models]
        first = self.models[0].origin.said
        for number, one in enumerate(self.models):
            if one.origin.said != first:
                own = one.origin.said
                raise ValueError(
                    f"model {number} of the ensemble predicts {own.kind} {', '.join(own.names)}, "
                    f"but model 0 {first.kind} {', '.join(first.names)}: take models of one task"
                )

    def predict(self, data: Any, pairs: Tensor | Sequence[Tensor] | None = None) -> Prediction:
        """Return the mean of what the models say, and its ``spread``: 0 of one model.

        ``outputs`` are the mean too.

        Args:
            data, pairs: as :meth:`Predictor.predict`.
        """
        found = [one.predict(data, pairs) for one in self.models]
        values = torch.stack([one.values for one in found])
        mean = values.mean(0)
        spread = values.std(0) if len(found) > 1 else torch.zeros_like(mean)
        first = found[0]
        outputs = torch.stack([one.outputs for one in found]).mean(0)
        return Prediction(mean, outputs, first.kind, first.names, first.rows, spread, first.ids)

    def __len__(self) -> int:
        return len(self.models)

    def __repr__(self) -> str:
        return f"Ensemble({len(self)} models of {self.models[0].origin.said.kind})"
