"""Grid search: every setting is trained, and the best on validation is scored on test."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from gnnlab.contracts.devices import check_device
from gnnlab.core.errors import sentence
from gnnlab.core.processes import check_jobs
from gnnlab.core.writing import NotWritten
from gnnlab.runner.runs.results import read_results
from gnnlab.runner.runs.run import run
from gnnlab.runner.sweep.space import Values, grid
from gnnlab.runner.sweep.trials import Sweep, Trial


def run_sweep(
    sweep: Sweep,
    out: str | Path,
    *,
    trials: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = True,
) -> Iterator[Trial]:
    """Train one setting after the other on the pairs that choose, and yield each.

    Every setting's run lies in a folder named by its hash, as those of :func:`run` do: the same
    call again trains only what is not there yet.

    Args:
        out: where run folders lie.
        trials: how many settings are drawn, by optuna; every combination without.
        seed: of the draws.
        jobs: processes that train the pairs of a setting at once.
        progress: draw bars.

    Raises:
        ValueError: the first setting does not fit, or nothing can be drawn.
    """
    first = {k: a[0] if isinstance(a, tuple) else a.low for k, a in sweep.space.items()}
    # What is wrong with all settings is told before anything is trained.
    check_jobs(jobs)
    check_device(sweep.config(first).run.device)
    attempt = partial(_try, sweep, Path(out), jobs, progress)
    if trials is None:
        yield from map(attempt, grid(sweep.space))
        return
    from gnnlab.runner.sweep.search import search

    yield from search(sweep, attempt, Path(out), trials, seed)


def _try(sweep: Sweep, out: Path, jobs: int, progress: bool, values: Values) -> Trial:
    """A setting that does not fit or breaks is told, and does not end the sweep."""
    try:
        config = sweep.config(values)
        pairs = sweep.pairs(config)
        folder = run(config, out, jobs=jobs, progress=progress, pairs=pairs)
    except NotWritten:
        raise
    except Exception as error:
        return Trial(values, broken=sentence(error))
    rows = [row for row in read_results(folder) if (row["split"], row["seed"]) in pairs]
    return Trial(values, config, tuple(rows))
