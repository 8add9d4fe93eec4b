"""Settings drawn one after the other, each in view of the scores before it: optuna's sampler."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.arguments import check_count
from gnnlab.tasks.metrics import sign

from .sweep import Sweep, Trial
from .sweep_space import Range, Values

if TYPE_CHECKING:
    from optuna import Study
    from optuna import Trial as Ask
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

Attempt = Callable[[Values], Trial]
FILE = "sweep-{}.journal"
BROKEN = "broken"
"""What a trial without a score is marked by, in the journal."""
APART = 1_000_003
"""Between the seeds of two trials, so that searches with neighbouring seeds share none."""


def search(sweep: Sweep, attempt: Attempt, out: Path, trials: int, seed: int) -> Iterator[Trial]:
    """Yield the trials that are finished already, and draw more until there are so many.

    What was drawn and what it scored is kept in a journal beside the runs, which processes on one
    file system may share: started several times at once, the command works on one search, and each
    process yields what the others finished as well. A draw that broke counts as one; one that was
    stopped does not.

    Raises:
        ValueError: optuna is not installed; fewer than one trial, or a seed below 0.
    """
    check_count("trials", trials)
    check_count("seed", seed, 0)
    study = _study(sweep, out, seed)
    told: set[int] = set()
    while len(done := _finished(study)) < trials:
        yield from _others(sweep, attempt, done, told)
        yield _drawn_trial(sweep, attempt, study, seed, told)
    yield from _others(sweep, attempt, done, told)


def _others(
    sweep: Sweep, attempt: Attempt, finished: Sequence[FrozenTrial], told: set[int]
) -> Iterator[Trial]:
    """The finished trials that were not yielded yet; their runs are there, and are read."""
    for other in finished:
        if other.number not in told:
            told.add(other.number)
            params = other.params
            yield attempt({key: _told(params[key], axis) for key, axis in sweep.space.items()})


def _drawn_trial(sweep: Sweep, attempt: Attempt, study: Study, seed: int, told: set[int]) -> Trial:
    """Draw a setting, train it and enter its score, or that it has none."""
    failed = _optuna().trial.TrialState.FAIL
    asked = study.ask()
    told.add(asked.number)
    # After asking: no two processes are given one number, and so none draws what another does.
    study.sampler = _sampler((seed + asked.number * APART) % 2**32)
    try:
        trial = attempt({key: _drawn(asked, key, axis) for key, axis in sweep.space.items()})
    except BaseException:
        study.tell(asked, state=failed)
        raise
    if math.isnan(trial.valid):
        asked.set_user_attr(BROKEN, trial.broken)
        study.tell(asked, state=failed)
    else:
        study.tell(asked, sign(trial.rows[0]["metric"]) * trial.valid)
    return trial


def _sampler(seed: int) -> BaseSampler:
    """Every axis by itself, when it is asked for; what others work on counts as poor."""
    found: BaseSampler = _optuna().samplers.TPESampler(
        seed=seed, multivariate=False, constant_liar=True
    )
    return found


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
        sampler=_sampler(seed % 2**32),
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
    """What is asked for in the same words is one search, however many trials it has."""
    parts = sweep.settings, sweep.overrides, sweep.tune_splits, seed
    space = {
        key: axis if isinstance(axis, tuple) else vars(axis) for key, axis in sweep.space.items()
    }
    text = json.dumps([*parts, space], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _finished(study: Study) -> list[FrozenTrial]:
    """Those with a score, and those that broke; not what was stopped or is at work."""
    states = _optuna().trial.TrialState
    found = study.get_trials(deepcopy=False, states=(states.COMPLETE, states.FAIL))
    return [trial for trial in found if trial.state != states.FAIL or BROKEN in trial.user_attrs]


def _drawn(asked: Ask, key: str, axis: tuple[Any, ...] | Range) -> Any:
    if isinstance(axis, tuple):  # as text: optuna's choices are no lists
        return _told(asked.suggest_categorical(key, [json.dumps(value) for value in axis]), axis)
    if axis.whole:
        return asked.suggest_int(key, int(axis.low), int(axis.high), log=axis.log)
    return asked.suggest_float(key, axis.low, axis.high, log=axis.log)


def _told(value: Any, axis: tuple[Any, ...] | Range) -> Any:
    """A value of optuna's as a setting."""
    return json.loads(value) if isinstance(axis, tuple) else value
