"""Search by optuna's sampler: each setting is drawn in view of the scores before it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.core.arguments import check_count
from gnnlab.core.writing import naming
from gnnlab.runner.sweep.space import Range, Values
from gnnlab.runner.sweep.trials import Sweep, Trial
from gnnlab.tasks.metrics.by_name import sign

if TYPE_CHECKING:
    from optuna import Study
    from optuna import Trial as Ask
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from gnnlab.runner.sweep.journal import Claims

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
    process yields what the others finished as well. A draw that broke counts as one. One that was
    stopped or killed is taken up again under its number, so that one process draws what it would
    have drawn without the stop.

    Raises:
        ValueError: optuna is not installed; fewer than one trial, or a seed below 0.
    """
    check_count("trials", trials)
    check_count("seed", seed, 0)
    found = _search(sweep, out, seed)
    told: set[int] = set()
    while len(done := _finished(found.study)) < trials:
        yield from _others(sweep, attempt, done, told)
        with found.claims.one(partial(_running, found), partial(_new, found)) as number:
            told.add(number)
            trial = _drawn_trial(sweep, attempt, found, number)
        yield trial
    found.claims.tidy()
    yield from _others(sweep, attempt, done, told)


@dataclass(frozen=True)
class _Search:
    """A search on the disk.

    Args:
        seed: of its draws.
        claims: says which trials are somebody's work.
    """

    study: Study
    storage: BaseStorage
    seed: int
    claims: Claims


def _others(
    sweep: Sweep, attempt: Attempt, finished: Sequence[FrozenTrial], told: set[int]
) -> Iterator[Trial]:
    """The finished trials that were not yielded yet; their runs are there, and are read."""
    for other in finished:
        if other.number not in told:
            told.add(other.number)
            params = other.params
            yield attempt({key: _told(params[key], axis) for key, axis in sweep.space.items()})


def _running(found: _Search) -> list[int]:
    """Trials that are at work, or were when their process ended."""
    states = (_optuna().trial.TrialState.RUNNING,)
    return [trial.number for trial in found.study.get_trials(deepcopy=False, states=states)]


def _new(found: _Search) -> int:
    number: int = found.study.ask().number
    return number


def _drawn_trial(sweep: Sweep, attempt: Attempt, found: _Search, number: int) -> Trial:
    """Draw a setting, train it and enter its score, or that it has none.

    Whatever stops it leaves it to be taken up again.
    """
    optuna, study = _optuna(), found.study
    # By number: no two are drawn from one seed, and one that is taken up again draws the same.
    sampler = _sampler((found.seed + number * APART) % 2**32)
    fresh = optuna.load_study(
        study_name=study.study_name, storage=found.storage, sampler=sampler
    )  # the other one keeps trials from before
    owner = found.storage.get_study_id_from_name(study.study_name)
    place = found.storage.get_trial_id_from_study_id_trial_number(owner, number)
    asked: Ask = optuna.trial.Trial(fresh, place)
    trial = attempt({key: _drawn(asked, key, axis) for key, axis in sweep.space.items()})
    if math.isnan(trial.valid):
        asked.set_user_attr(BROKEN, trial.broken)
        study.tell(number, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(number, sign(trial.rows[0]["metric"]) * trial.valid)
    return trial


def _sampler(seed: int) -> BaseSampler:
    """Every axis by itself, when it is asked for; what others work on counts as poor."""
    found: BaseSampler = _optuna().samplers.TPESampler(
        seed=seed, multivariate=False, constant_liar=True
    )
    return found


def _search(sweep: Sweep, out: Path, seed: int) -> _Search:
    """The search over this space from these settings, new or as it was left."""
    optuna = _optuna()
    from gnnlab.runner.sweep.journal import Claims, Journal

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
    name = _name(sweep, seed)
    path = out / FILE.format(name)
    storage = optuna.storages.JournalStorage(Journal(path))
    study: Study = optuna.create_study(
        study_name=name,
        storage=storage,
        direction="maximize",
        sampler=_sampler(seed % 2**32),
        load_if_exists=True,
    )
    return _Search(study, storage, seed, Claims(path))


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
    """Draw a value, or read it where it was drawn before a stop."""
    if key in asked.params and not asked.distributions[key].single():
        # Drawn for nothing, so that the keys after it are drawn from the same numbers.
        frozen = asked.study.get_trials(deepcopy=False)[asked.number]
        asked.study.sampler.sample_independent(asked.study, frozen, key, asked.distributions[key])
    if isinstance(axis, tuple):  # as text: optuna's choices are no lists
        return _told(asked.suggest_categorical(key, [json.dumps(value) for value in axis]), axis)
    if axis.whole:
        return asked.suggest_int(key, int(axis.low), int(axis.high), log=axis.log)
    return asked.suggest_float(key, axis.low, axis.high, log=axis.log)


def _told(value: Any, axis: tuple[Any, ...] | Range) -> Any:
    """A value of optuna's as a setting."""
    return json.loads(value) if isinstance(axis, tuple) else value
