"""Run of a config: trained split by split, with every result kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from torch import nn

from gnnlab.contracts.devices import check_device
from gnnlab.core.processes import check_jobs, each
from gnnlab.core.writing import naming
from gnnlab.runner.runs import curves
from gnnlab.runner.runs.bar import Bar, bar_title
from gnnlab.runner.runs.curves import CurveLine, append_curve, curve_line, share_of
from gnnlab.runner.runs.data import load_data, of_split, splits_links, told
from gnnlab.runner.runs.encoder import make_encoder, make_task, model_on
from gnnlab.runner.runs.kept_models import Kept
from gnnlab.runner.runs.results import append_result, check_appendable, read_results
from gnnlab.runner.runs.run_toml import describe
from gnnlab.runner.settings.config import Config
from gnnlab.runner.settings.given import NOTHING, Given
from gnnlab.runner.settings.keys import flat
from gnnlab.runner.trackers.by_name import make_tracker
from gnnlab.runner.trackers.tracker import Tracking

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets import Graphs
    from gnnlab.tasks import Result

Pair = tuple[int, int]
Line = tuple[dict[str, Any], CurveLine | None]
"""What a pair comes to on disk: its line of results, and its curve where it was trained."""
Inspect = Callable[[Pair, "Result", Any], None]
"""What is done with a trained model and its data before the result is written."""


def run(
    config: Config,
    out: str | Path = "runs",
    *,
    jobs: int = 1,
    progress: bool = False,
    name: str = "",
    pairs: Sequence[Pair] | None = None,
    inspect: Inspect | None = None,
    track: str = "",
    save: bool = False,
    given: Given = NOTHING,
) -> Path:
    """Train every (split, seed) that has no result yet, and return the run's folder.

    The folder is named by the settings' hash, so the same call resumes and repeats nothing. It
    holds ``results.jsonl`` and ``curves.jsonl``, one line a pair, and ``run.toml``: settings,
    versions, machine, git state. A training that takes longer keeps its state there every half a
    minute, and goes on from it after a kill.

    Args:
        config: what to run.
        out: where run folders lie.
        jobs: processes that train at once, each with its share of the cores.
        progress: draw a bar for each training.
        name: of the recipe, kept in ``run.toml``.
        pairs: (split, seed) to train, in place of all that ``config.run`` names.
        inspect: is called with each pair, its result with the model, and the data, in the process
            that trained it, before its line is written.
        track: name of a tracker that hears of every training: ``tensorboard``, ``wandb``,
            ``mlflow`` or another's entry point (group ``gnnlab.trackers``).
        save: keep every pair's model in ``models/SPLIT-SEED``, for :func:`gnnlab.load`; a pair that
            has a result but no model is trained again.
        given: objects in the place of what the settings name.

    Raises:
        ValueError: settings that do not fit the data; fewer than one job; no such tracker.
        NotWritten: the disk is full, say; what was written before is kept.
    """
    check_jobs(jobs)
    check_device(config.run.device)
    make_tracker(track, out)  # one that is not there is refused before anything is trained
    folder = Path(out) / config.label()
    done = {(row["split"], row["seed"]) for row in read_results(folder)}
    product = [(split, seed) for split in config.run.splits for seed in config.run.seeds]
    kept, wanted = Kept(folder, save), dict.fromkeys(product if pairs is None else pairs)
    pairs = [pair for pair in wanted if pair not in done or kept.lacks(*pair)]
    if not pairs:
        return folder
    data = load_data(config, given)
    _try_out(config, data, [split for split, _ in pairs], given, save)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    describe(config, folder, name)
    check_appendable(folder)
    check_appendable(folder, curves.FILE)
    trainer = partial(
        train, config, inspect=inspect, given=given, kept=kept, track=track, home=Path(out)
    )
    for row, curve in _train_all(trainer, config, data, pairs, min(jobs, len(pairs)), progress):
        if curve is not None:
            append_curve(folder, curve)
        append_result(folder, row)
        kept.forget(row["split"], row["seed"])
    return folder


def _try_out(
    config: Config, data: Data | Graphs, splits: list[int], given: Given, save: bool
) -> None:
    """Refuse what cannot be trained before a folder is made.

    Links are split and rewired for one split alone: that may take long, and all are drawn alike.
    """
    from gnnlab.tasks.solved import SolvedTask

    linked, task = splits_links(config, data), make_task(config)
    for split in dict.fromkeys(splits[:1] if linked else splits):
        own = of_split(config, data, split, given)
        if isinstance(task, SolvedTask):
            if save:
                raise ValueError(
                    f"task.name is {config.task['name']}, which trains no model, so there is none "
                    "to save: leave --save out"
                )
            task.check(own, split)
            continue
        problem = task.setup(own, 0 if linked else split)
        encoder = make_encoder(config, own if linked else data, given)
        model_on(problem, encoder if isinstance(encoder, nn.Module) else encoder(), own)


def wanted_results(folder: Path, config: Config) -> list[dict[str, Any]]:
    """The lines of the splits and seeds that the config names."""
    splits, seeds = config.run.splits, config.run.seeds
    return [r for r in read_results(folder) if r["split"] in splits and r["seed"] in seeds]


def _train_all(
    trainer: Callable[..., Line],
    config: Config,
    data: Data | Graphs,
    pairs: list[Pair],
    jobs: int,
    progress: bool,
) -> Iterator[Line]:
    if jobs == 1:
        for number, pair in enumerate(pairs, start=1):
            yield trainer(pair, data, progress, place=f"{number} of {len(pairs)}")
        return
    from tqdm.auto import tqdm

    rows = each(trainer, pairs, jobs)
    silent = None if progress else True
    yield from tqdm(rows, config.model["name"], len(pairs), unit="run", disable=silent)


def train(
    config: Config,
    pair: Pair,
    data: Data | Graphs | None = None,
    progress: bool = False,
    inspect: Inspect | None = None,
    place: str = "",
    track: str = "",
    home: Path = Path(),
    kept: Kept | None = None,
    given: Given = NOTHING,
) -> Line:
    """Train one (split, seed) and return its line of results and its curve.

    Args:
        place: of the pair among all, for the bar.
        track: name of a tracker, and ``home`` the folder that it writes in.
        kept: where its state is kept meanwhile, and its model if that is asked for.
        given: objects in the place of what the settings name.
    """
    from gnnlab import tasks
    from gnnlab.tasks.solved import SolvedTask

    data = load_data(config, given) if data is None else data
    split, seed = pair
    linked = splits_links(config, data)
    own = of_split(config, data, split, given)
    task = make_task(config)
    if isinstance(task, SolvedTask):
        return _row(config, pair, task.solve(own, split, seed)), None
    training, saves = tasks.Training(**config.training), kept is not None and kept.models
    title = bar_title(config.model["name"], pair, place)
    tracking = _tracking(config, pair, track, home)
    with Bar(title, training.epochs, progress) as advance, tracking:

        def hear(epoch: int, row: dict[str, float]) -> None:
            advance(epoch, row)
            tracking.log(epoch, row)

        result = tasks.fit(
            task,
            make_encoder(config, own if linked else data, given),
            own,
            training,
            split=0 if linked else split,
            seed=seed,
            device=config.run.device,
            progress=hear,
            keep_model=inspect is not None or saves,
            checkpoint=None if kept is None else kept.checkpoint(*pair),
            interrupt="raise",  # a result so far is no result of the run
        )
        tracking.keep(_row(config, pair, result))
    if kept is not None and saves:
        kept.save(config, result, *pair)
    if inspect is not None:
        inspect(pair, result, own if linked else data)
    share = None if linked else share_of(own, split)
    return _row(config, pair, result), curve_line(pair, result, share)


def _tracking(config: Config, pair: Pair, track: str, home: Path) -> Tracking:
    """What a tracker is told of a training: the run with its split and seed, and all settings."""
    split, seed = pair
    settings = {**flat(msgspec.to_builtins(config)), "split": split, "seed": seed}
    name = f"{config.label()}/split {split} seed {seed}".replace(" ", "-")
    return Tracking(make_tracker(track, home), name, settings)


def _row(config: Config, pair: Pair, result: Result) -> dict[str, Any]:
    """The line of results of one (split, seed)."""
    split, seed = pair
    return {
        "task": config.task["name"],
        "data": config.data["name"],
        "model": config.model["name"],
        "rewiring": config.rewiring["name"],
        **({"stress": told(config.stress)} if config.stress else {}),
        "split": split,
        "seed": seed,
        "metric": result.metric,
        "valid": result.valid,
        "test": result.test,
        "epoch": result.epoch,
        "epochs": result.curve.epoch[-1] if len(result.curve) else 0,
        "seconds": round(result.seconds, 3),
        "parameters": result.parameters,
        "peak_memory_bytes": result.peak_memory_bytes,
        **({"others": result.others} if result.others else {}),
    }
