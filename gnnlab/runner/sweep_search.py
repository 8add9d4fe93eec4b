"""Settings drawn one after the other, each in view of the scores before it: optuna's sampler."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.arguments import check_count
from gnnlab.tasks.metrics import sign

from .sweep import Range, Sweep, Trial, Values

if TYPE_CHECKING:
    from optuna import Study
    from optuna import Trial as Ask
    from optuna.trial import FrozenTrial

FILE = "sweep-{}.journal"
APART = 1_000_003
"""Between the seeds of two trials, so that searches with neighbouring seeds share none."""


def search(
    sweep: Sweep, attempt: Callable[[Values], Trial], out: Path, trials: int, seed: int
) -> Iterator[Trial]:
    """Yield the trials that are finished already, and draw more until there are so many.

    What was drawn and what it scored is kept in a journal beside the runs, which processes on one
    file system may share: started several times at once, the command works on one search. A trial
    is drawn with a seed of its own, so that a search that was stopped goes on as if it were not.

    Raises:
        ValueError: optuna is not installed; fewer than one trial.
    """
    check_count("trials", trials)
    study = _study(sweep, out, seed)
    for told in _finished(study):
        yield attempt({key: _told(told.params[key], axis) for key, axis in sweep.space.items()})
    while (number := len(_finished(study))) < trials:
        study.sampler = _optuna().samplers.TPESampler(seed=seed + number * APART)
        asked = study.ask()
        trial = attempt({key: _drawn(asked, key, axis) for key, axis in sweep.space.items()})
        if math.isnan(trial.valid):
            study.tell(asked, state=_optuna().trial.TrialState.FAIL)
        else:
            study.tell(asked, sign(trial.rows[0]["metric"]) * trial.valid)
        yield trial


def _study(sweep: Sweep, out: Path, seed: int) -> Study:
    """The search over this space from these settings, new or as it was left."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    out.mkdir(parents=True, exist_ok=True)
    name = _name(sweep, seed)
    backend = optuna.storages.journal.JournalFileBackend(str(out / FILE.format(name)))
    found: Study = optuna.create_study(
        study_name=name,
        storage=optuna.storages.JournalStorage(backend),
        direction="maximize",
        load_if_exists=True,
    )
    return found


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ValueError(
            "--trials draws settings with optuna: pip install 'gnnlab[sweep]', or leave --trials "
            "out to try every combination"
        ) from error
    return optuna


def _name(sweep: Sweep, seed: int) -> str:
    """Equal for equal searches, whatever number of trials is asked for."""
    parts = sweep.settings, sweep.overrides, sweep.tune_splits, seed
    space = {
        key: axis if isinstance(axis, tuple) else vars(axis) for key, axis in sweep.space.items()
    }
    text = json.dumps([*parts, space], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _finished(study: Study) -> list[FrozenTrial]:
    states = _optuna().trial.TrialState
    return study.get_trials(deepcopy=False, states=(states.COMPLETE, states.FAIL))


def _drawn(asked: Ask, key: str, axis: tuple[Any, ...] | Range) -> Any:
    if isinstance(axis, tuple):  # as text: optuna's choices are no lists
        return _told(asked.suggest_categorical(key, [json.dumps(value) for value in axis]), axis)
    if axis.whole:
        return asked.suggest_int(key, int(axis.low), int(axis.high), log=axis.log)
    return asked.suggest_float(key, axis.low, axis.high, log=axis.log)


def _told(value: Any, axis: tuple[Any, ...] | Range) -> Any:
    """A value of optuna's as a setting."""
    return json.loads(value) if isinstance(axis, tuple) else value
