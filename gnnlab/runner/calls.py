"""Calls of the runner from Python, with a user's own objects in the place of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gnnlab.contracts.described import described
from gnnlab.runner.runs import run as runs
from gnnlab.runner.runs.results import Summary, read_results, summarise
from gnnlab.runner.runs.run_toml import FILE, settings_of
from gnnlab.runner.settings.config import Config, configure
from gnnlab.runner.settings.given import Given, importable
from gnnlab.runner.settings.keys import toml_file
from gnnlab.runner.settings.recipes import recipe
from gnnlab.runner.settings.rewirings import table_of
from gnnlab.structure.transforms import GraphTransform

if TYPE_CHECKING:
    from torch import nn
    from torch_geometric.data import Data

    from gnnlab.datasets import Graphs

    Maker = nn.Module | type[nn.Module] | Any


@dataclass(frozen=True)
class Finished:
    """What a run came to.

    Args:
        folder: that holds ``run.toml`` and ``results.jsonl``.
        config: every setting, defaults filled in.
        rows: a line of results for each split and seed that was asked for.
    """

    folder: Path
    config: Config
    rows: tuple[dict[str, Any], ...]

    @property
    def summary(self) -> Summary:
        """Mean and spread over the rows."""
        return summarise(self.rows)


def run(
    config: Mapping[str, Any] | str | Path | Config | None = None,
    data: Data | Graphs | str | Any = None,
    model: Maker | str = None,
    rewiring: Any = None,
    *,
    set: Sequence[str] = (),
    splits: Sequence[int] | Literal["all"] | None = None,
    seeds: Sequence[int] | None = None,
    out: str | Path = "runs",
    jobs: int = 1,
    progress: bool = False,
) -> Finished:
    """Train what settings and own objects say, as ``gnnlab run`` does, and return what came of it.

    Results lie in ``out`` under the hash of all settings, of the source of own classes and
    functions and of the content of own data, so that the same call reads them back and trains
    nothing, and a changed source or graph is another run.

    Args:
        config: tables of settings, the name of a recipe, a TOML file (a ``run.toml`` too), or a
            Config.
        data: a graph, a set of graphs, a function that returns one, or a name; in the place of the
            settings' ``data``.
        model: a class or a function, whose parameters are the ``model`` settings; a module, of
            which copies are trained; or a name.
        rewiring: a transform of a graph, its class, a function of a graph, or a name.
        set: ``dotted.key=VALUE`` as on the command line.
        splits, seeds: in the place of the settings'; ``"all"`` splits are those that the data have.
        out: where run folders lie.
        jobs: processes that train at once; objects that they cannot be sent to are refused.
        progress: draw a bar for each training.

    Raises:
        ValueError: settings that do not fit each other or the data.

    Example:
        >>> from torch_geometric.nn import GCN
        >>> import gnnlab, tempfile
        >>> tiny = {"data": {"name": "karate"}, "training": {"epochs": 2}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     done = gnnlab.run(tiny, model=GCN, set=["model.num_layers=2"], out=folder)
        >>> len(done.rows), done.summary.metric
        (1, 'roc_auc')
    """
    tables, name = _settings(config)
    given: dict[str, Any] = {}
    for part, thing in {"data": data, "model": model, "rewiring": rewiring}.items():
        if thing is None:
            continue
        table = tables.get(part, {})
        if "own" in tables:  # what a run.toml says of the object that stood here
            tables["own"] = {key: one for key, one in tables["own"].items() if key != part}
        if named := _named(part, thing):
            tables[part] = {**table, **named} if part != "rewiring" else named
        else:
            given[part] = thing
            tables[part] = {key: value for key, value in table.items() if key != "name"}
    tables["run"] = {**tables.get("run", {}), **_wanted(splits, seeds)}
    own = Given(**given)
    found = configure(tables, set, own)
    if jobs > 1:
        _check_sent(own)
    folder = runs.run(found, out, jobs=jobs, progress=progress, name=name, given=own)
    return Finished(folder, found, tuple(runs.wanted_results(folder, found)))


def _settings(config: Any) -> tuple[dict[str, Any], str]:
    """Tables of settings, and the recipe that they are of."""
    if config is None:
        return {}, ""
    if isinstance(config, Config):
        return dict(msgspec.to_builtins(config)), ""
    if isinstance(config, Mapping):
        return dict(config), ""
    if isinstance(config, (str, Path)):
        return read_settings(str(config))
    raise ValueError(
        f"config is {described(config)}, but it must be tables of settings, a recipe's name, a "
        "TOML file or a Config"
    )


def read_settings(name: str) -> tuple[dict[str, Any], str]:
    """The tables of a TOML file, or of a recipe, and the recipe's name.

    A ``run.toml`` is run again on the splits and seeds that have results beside it.

    Raises:
        ValueError: no such file or recipe.
    """
    if not name.endswith(".toml"):
        return dict(recipe(name).settings), name
    about = toml_file(Path(name), "name another file, or mend it")
    tables = settings_of(about)
    if Path(name).name == FILE and (rows := read_results(Path(name).parent)):
        done = {f"{key}s": sorted({row[key] for row in rows}) for key in ("split", "seed")}
        tables["run"] = {**done, **tables.get("run", {})}
    return tables, str(about.get("recipe", {}).get("name", ""))


def _named(part: str, thing: Any) -> dict[str, Any]:
    """The settings that name a thing; none where it is an object that has no name."""
    if isinstance(thing, str):
        return {"name": thing}
    if part == "rewiring" and isinstance(thing, GraphTransform):
        return table_of(thing)
    path = importable(thing)
    return {"name": path} if path else {}


def _wanted(splits: Any, seeds: Any) -> dict[str, Any]:
    both = {"splits": splits, "seeds": seeds}
    given = {key: value for key, value in both.items() if value is not None}
    return {key: value if isinstance(value, str) else list(value) for key, value in given.items()}


def _check_sent(given: Given) -> None:
    """Refuse objects that no other process can be given.

    Raises:
        ValueError: one that does not pickle.
    """
    import pickle

    for part in ("data", "model", "rewiring"):
        try:
            pickle.dumps(getattr(given, part))
        except Exception as error:
            raise ValueError(
                f"{part} cannot be sent to another process ({' '.join(str(error).split())}): put "
                "it into a module and name it package.module:Name, or set jobs=1"
            ) from error
