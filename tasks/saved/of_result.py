"""Results asked and saved: what a fit kept, as a predictor and as a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from gnnlab.core.arguments import shown
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.saved.file import Scores
from gnnlab.tasks.saved.origin import Origin
from gnnlab.tasks.saved.predictor import Predictor
from gnnlab.tasks.saved.saving import save
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.model import Model


class Kept(Protocol):
    """What is read of a result."""

    @property
    def model(self) -> Any: ...
    @property
    def origin(self) -> Origin | None: ...
    @property
    def valid(self) -> float | None: ...
    @property
    def test(self) -> float | None: ...
    @property
    def epoch(self) -> int: ...
    @property
    def parameters(self) -> int: ...
    @property
    def metric(self) -> str: ...
    @property
    def others(self) -> dict[str, float]: ...


def predictor_of(result: Kept) -> Predictor:
    """Return a result's model, to be asked.

    Raises:
        ValueError: it has none.
    """
    if result.model is None or result.origin is None:
        raise ValueError(
            "the result has no model: fit with keep_model=True; a task that is solved and not "
            "trained has none"
        )
    if not isinstance(result.model, Model | LinkModel | Pretrained):
        raise ValueError(
            f"the result's model is a {type(result.model).__name__}, but tasks.Model and "
            "tasks.LinkModel are asked and saved: have the task's problem make one of them"
        )
    return Predictor(result.model, result.origin)


def save_result(
    result: Kept, path: str | Path, before: Sequence[Any], run: Mapping[str, Any]
) -> Path:
    """Write a result's model into a folder; see ``Result.save``."""
    found = predictor_of(result)
    for one in before:
        if not callable(one):
            raise ValueError(
                f"before holds {shown(one)}, but it takes transforms, such as a rewiring"
            )
    scores = Scores(
        metric=result.metric,
        valid=result.valid,
        test=result.test,
        epoch=result.epoch,
        parameters=result.parameters,
        others=dict(result.others),
    )
    return save(path, found.model, found.origin.after(*before), scores, run)
