"""Data facts of a bench, found before training: splits, duplicates, the score of a constant."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from gnnlab.core.errors import sentence
from gnnlab.core.writing import NotWritten
from gnnlab.runner.bench.plan import Cell
from gnnlab.runner.runs.data import stressed
from gnnlab.runner.runs.encoder import make_task
from gnnlab.runner.settings.config import Config

if TYPE_CHECKING:
    from gnnlab.datasets import Graphs


@dataclass(frozen=True)
class Constant:
    """Test scores, one a split, of a prediction that looks at no graph."""

    metric: str
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.scores)

    @property
    def std(self) -> float:
        """With ddof 1; 0 for a single split."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else 0.0


@dataclass(frozen=True)
class Facts:
    """A set as it was found.

    Args:
        graphs, classes, splits: how many there are; 0 classes where numbers are predicted.
        repeats: graphs that colour refinement cannot tell from an earlier one.
        torn: those of them with another target than the earlier one's.
        flaws: what its loader warns of.
        constant: by setting; those on which the metric is not defined are left out.
        error: why the set cannot be used; nothing else is known then.
    """

    graphs: int = 0
    classes: int = 0
    splits: int = 0
    repeats: int = 0
    torn: int = 0
    flaws: tuple[str, ...] = ()
    constant: dict[str, Constant] | None = None
    error: str = ""


def look_at_sets(
    cells: Sequence[Cell], changes: Sequence[str]
) -> tuple[dict[str, Facts], list[Cell]]:
    """Load every set once, warn of its flaws once, and let no cell name more splits than it has.

    Splits that a user names stay: those that are not there are an error of the cell.
    """
    named = any(change.startswith(("run.splits", "run=")) for change in changes)
    facts: dict[str, Facts] = {}
    found = []
    for data in dict.fromkeys(cell.data for cell in cells):
        own = [cell for cell in cells if cell.data == data]
        facts[data], own = _look(own, named)
        found += own
        for flaw in facts[data].flaws:
            warnings.warn(flaw, _flaw_warning(), stacklevel=2)
    return facts, found


def _look(cells: Sequence[Cell], named: bool) -> tuple[Facts, list[Cell]]:
    from gnnlab import datasets

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            data = datasets.load(**cells[0].config.data)
            found = _measured(data)
    except NotWritten:
        raise
    except Exception as error:
        return Facts(error=sentence(error)), list(cells)
    flaws = [str(w.message) for w in caught if issubclass(w.category, _flaw_warning())]
    facts = replace(found, flaws=tuple(dict.fromkeys(flaws)))
    own = list(cells) if named else [_clipped(cell, facts.splits) for cell in cells]
    return replace(facts, constant=_constants(data, own)), own


def _flaw_warning() -> type[UserWarning]:
    from gnnlab.datasets import FlawWarning

    return FlawWarning


def _measured(data: Any) -> Facts:
    import torch

    from gnnlab.datasets import first_alike

    if len(data.y) != len(data):
        raise ValueError(f"{data.name} has no label for each graph: leave it out")
    first = first_alike(data)
    again = first != torch.arange(len(data))
    apart = (data.y != data.y[first]).reshape(len(data), -1).any(1)
    classes = data.y.dim() == 1 and not data.y.is_floating_point()
    return Facts(
        graphs=len(data),
        classes=data.classes if classes else 0,
        splits=data.train_mask.shape[1],
        repeats=int(again.sum()),
        torn=int((again & apart).sum()),
    )


def _clipped(cell: Cell, splits: int) -> Cell:
    run = cell.config.run
    kept = tuple(split for split in run.splits if split < splits)
    config = msgspec.structs.replace(cell.config, run=msgspec.structs.replace(run, splits=kept))
    return replace(cell, config=config)


def _constants(data: Graphs, cells: Sequence[Cell]) -> dict[str, Constant]:
    found = {}
    for setting, config in {cell.setting: cell.config for cell in cells}.items():
        try:
            found[setting] = _constant(data, config)
        except ValueError:  # training says the same, in the cell that it concerns
            continue
    return found


def _constant(data: Any, config: Config) -> Constant:
    from gnnlab.tasks.graph.constant_baseline import constant_score

    scores, metric = [], ""
    for split in config.run.splits:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem: Any = make_task(config).setup(stressed(config, data, split), split)
        scores.append(constant_score(problem))
        metric = problem.metric
    return Constant(metric, tuple(scores))
