"""Run of a config: trained split by split, with every result kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.contracts.devices import check_device
from gnnlab.core.processes import check_jobs, each
from gnnlab.core.writing import naming
from gnnlab.runner.runs.data import load_data, of_split, splits_links, told
from gnnlab.runner.runs.kept_models import Kept
from gnnlab.runner.runs.results import append_result, check_appendable, read_results
from gnnlab.runner.runs.run_toml import describe
from gnnlab.runner.settings.config import Config
from gnnlab.runner.settings.encoders import with_inputs
from gnnlab.runner.settings.resolve import find_task

if TYPE_CHECKING:
    from torch import nn
    from torch_geometric.data import Data

    from gnnlab.contracts.encoder import Encoder
    from gnnlab.datasets import Graphs
    from gnnlab.tasks import Result

Pair = tuple[int, int]
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
    save: bool = False,
) -> Path:
    """Train every (split, seed) that has no result yet, and return the run's folder.

    The folder is named by the settings' hash, so the same call resumes and repeats nothing. It
    holds ``results.jsonl``, one line a pair, and ``run.toml``: settings, versions, machine, git
    state. A training that takes longer keeps its state there every half a minute, and goes on from
    it after a kill.

    Args:
        config: what to run.
        out: where run folders lie.
        jobs: processes that train at once, each with its share of the cores.
        progress: draw a bar for each training.
        name: of the recipe, kept in ``run.toml``.
        pairs: (split, seed) to train, in place of all that ``config.run`` names.
        inspect: is called with each pair, its result with the model, and the data, in the process
            that trained it, before its line is written.
        save: keep every pair's model in ``models/SPLIT-SEED``, for :func:`gnnlab.load`; a pair that
            has a result but no model is trained again.

    Raises:
        ValueError: settings that do not fit the data; fewer than one job.
        NotWritten: the disk is full, say; what was written before is kept.
    """
    check_jobs(jobs)
    check_device(config.run.device)
    folder = Path(out) / config.label()
    done = {(row["split"], row["seed"]) for row in read_results(folder)}
    product = [(split, seed) for split in config.run.splits for seed in config.run.seeds]
    kept, wanted = Kept(folder, save), dict.fromkeys(product if pairs is None else pairs)
    pairs = [pair for pair in wanted if pair not in done or kept.lacks(*pair)]
    if not pairs:
        return folder
    data = load_data(config)
    _try_out(config, data, [split for split, _ in pairs], save)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    describe(config, folder, name)
    check_appendable(folder)
    trainer = partial(train, config, inspect=inspect, kept=kept)
    for row in _train_all(trainer, config, data, pairs, min(jobs, len(pairs)), progress):
        append_result(folder, row)
        kept.forget(row["split"], row["seed"])
    return folder


def _try_out(config: Config, data: Data | Graphs, splits: list[int], save: bool) -> None:
    """Refuse what cannot be trained before a folder is made.

    Links are split and rewired for one split alone: that may take long, and all are drawn alike.
    """
    from gnnlab.tasks.contract import as_predictor
    from gnnlab.tasks.solved import SolvedTask

    linked, task = splits_links(config, data), make_task(config)
    for split in dict.fromkeys(splits[:1] if linked else splits):
        own = of_split(config, data, split)
        if isinstance(task, SolvedTask):
            if save:
                raise ValueError(
                    f"task.name is {config.task['name']}, which trains no model, so there is none "
                    "to save: leave --save out"
                )
            task.check(own, split)
            continue
        problem = task.setup(own, 0 if linked else split)
        encoder = make_encoder(config, own if linked else data)()
        problem.model(as_predictor(problem, encoder))


def wanted_results(folder: Path, config: Config) -> list[dict[str, Any]]:
    """The lines of the splits and seeds that the config names."""
    splits, seeds = config.run.splits, config.run.seeds
    return [r for r in read_results(folder) if r["split"] in splits and r["seed"] in seeds]


def _train_all(
    trainer: Callable[..., dict[str, Any]],
    config: Config,
    data: Data | Graphs,
    pairs: list[Pair],
    jobs: int,
    progress: bool,
) -> Iterator[dict[str, Any]]:
    if jobs == 1:
        yield from (trainer(pair, data, progress) for pair in pairs)
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
    kept: Kept | None = None,
) -> dict[str, Any]:
    """Train one (split, seed) and return its line of results.

    Args:
        kept: where its state is kept meanwhile, and its model if that is asked for.
    """
    from gnnlab import tasks
    from gnnlab.tasks.solved import SolvedTask

    data = load_data(config) if data is None else data
    split, seed = pair
    linked = splits_links(config, data)
    own = of_split(config, data, split)
    task = make_task(config)
    if isinstance(task, SolvedTask):
        return _row(config, pair, task.solve(own, split, seed))
    training, saves = tasks.Training(**config.training), kept is not None and kept.models
    with _Bar(f"{config.model['name']} split {split}", training.epochs, progress) as advance:
        result = tasks.fit(
            task,
            make_encoder(config, own if linked else data),
            own,
            training,
            split=0 if linked else split,
            seed=seed,
            device=config.run.device,
            progress=advance,
            keep_model=inspect is not None or saves,
            checkpoint=None if kept is None else kept.checkpoint(*pair),
            interrupt="raise",  # a result so far is no result of the run
        )
    if kept is not None and saves:
        kept.save(config, result, *pair)
    if inspect is not None:
        inspect(pair, result, own if linked else data)
    return _row(config, pair, result)


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


def make_task(config: Config) -> Any:
    """Return the config's task."""
    settings = {key: value for key, value in config.task.items() if key not in ("name", "links")}
    return find_task(config.task["name"])(**settings)


def make_encoder(config: Config, data: Data | Graphs) -> Callable[[], nn.Module]:
    """Return a function that builds the config's encoder for this data.

    It returns states, on which the task puts a head; one that says why it ``predicts`` by itself is
    told the number of logits by the task, as in ``fit``.
    """
    from gnnlab import layers

    settings = dict(config.model)
    cls = layers.find(settings.pop("name"))
    settings |= cls.from_data(data, **settings)
    if "budget" in settings:
        settings["hidden_channels"] = _width(config, cls, settings, data)
    return with_inputs(cls, settings, data)


def _width(
    config: Config, cls: type[Encoder], settings: dict[str, Any], data: Data | Graphs
) -> int:
    """Take the budget out of the settings and return the width it allows, readout and head
    included."""
    from gnnlab import layers
    from gnnlab.tasks.contract import as_predictor

    budget = settings.pop("budget")
    problem = make_task(config).setup(data, config.run.splits[0])

    def make(width: int) -> nn.Module:
        encoder = with_inputs(cls, {**settings, "hidden_channels": width}, data)()
        model: nn.Module = problem.model(as_predictor(problem, encoder))
        return model

    return layers.width_for(budget, make, multiple=int(settings.get("heads", 1)))


class _Bar:
    """A progress bar that is silent where nobody looks."""

    def __init__(self, title: str, total: int, show: bool) -> None:
        from tqdm.auto import tqdm

        # None leaves it to tqdm to be silent where the output is no terminal.
        self.bar = tqdm(total=total, desc=title, unit="step", disable=None if show else True)

    def __enter__(self) -> Callable[[int, dict[str, float]], None]:
        from gnnlab.tasks.training.progress import shown

        def advance(epoch: int, row: dict[str, float]) -> None:
            self.bar.set_postfix(shown(row), refresh=False)
            self.bar.update(epoch - self.bar.n)

        return advance

    def __exit__(self, *error: object) -> None:
        self.bar.close()
