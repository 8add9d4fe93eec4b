"""Own parts of a run: digests of their sources, the task that own data are for."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from gnnlab.core.own_parts import imported, is_ours, is_path, path_of, source_digest
from gnnlab.core.plugins import find_plugin, plugins
from gnnlab.runner.settings.given import NOTHING, PARTS, Given

TASK = "node"
"""The task of a run that names none and whose data do not say."""


def task_of(data: Any, given: Given = NOTHING) -> str:
    """The task that a table of data is for: a listed set's usual one, or what own data have.

    Own data without labels and masks are for links, graphs whose nodes all have labels for nodes.
    """
    if given.data is not None:
        return fitting_task(given.data)
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        return TASK  # which is refused in its turn
    return str(_facts(data)["task"])


def is_many(data: Mapping[str, Any], given: Given = NOTHING) -> bool:
    """Whether data are a set of graphs."""
    from collections.abc import Sequence

    if given.data is not None:
        return isinstance(given.data, Sequence)
    return bool(_facts(data)["many"])


def all_splits(data: Mapping[str, Any], given: Given = NOTHING) -> list[int]:
    """The numbers of the splits that data have.

    Raises:
        ValueError: data without masks, whose splits are drawn from their numbers.
    """
    count = _splits(given.data) if given.data is not None else _counted(json.dumps(data))
    if count == 0:
        raise ValueError(
            f"run.splits is 'all', but {data['name']} has no masks, and its links are split by any "
            "number: say which, such as --splits 0-9"
        )
    return list(range(count))


@cache
def _counted(data: str) -> int:
    from gnnlab import datasets

    return _splits(datasets.load(**json.loads(data)))


def _splits(data: Any) -> int:
    mask = getattr(data, "train_mask", None)
    if mask is None:
        return 0
    return int(mask.shape[1]) if mask.dim() > 1 else 1


def fitting_task(data: Any) -> str:
    """The task that a graph, or a set of them, has the labels for."""
    from gnnlab.tasks.shared.listed import listed_tasks

    if hasattr(data, "edge_index"):
        return "node" if "y" in data or "train_mask" in data else "link"
    own = listed_tasks()
    if "y" not in data[0] and own["link"].fits(data):
        return "link"
    return next(name for name in ("node", "graph") if own[name].fits(data))


def _facts(data: Mapping[str, Any]) -> Mapping[str, Any]:
    from gnnlab import datasets
    from gnnlab.datasets.loading import is_listed
    from gnnlab.datasets.own_data import digest_own, is_own
    from gnnlab.datasets.usual_task import usual_task

    name = str(data["name"])
    if is_listed(name) or not is_own(name):
        try:
            task = usual_task(name, data.get("source"))
        except ValueError:
            task = TASK  # an unknown name, which is refused in its turn
        return {"task": task, "many": name in datasets.names("graph")}
    return _loaded(json.dumps(data, sort_keys=True), json.dumps(digest_own(name)))


@cache
def _loaded(data: str, digests: str) -> Mapping[str, Any]:
    """What own data are, kept by their settings and sources: a sweep asks at every setting."""
    from collections.abc import Sequence

    from gnnlab import datasets

    found = datasets.load(**json.loads(data))
    return {"task": fitting_task(found), "many": isinstance(found, Sequence)}


def own_digests(settings: Mapping[str, Any], given: Given = NOTHING) -> dict[str, str]:
    """The digest of every part that is not gnnlab's, by import path or file, or by section for what
    was given as an object."""
    from gnnlab.datasets.loading import is_listed
    from gnnlab.datasets.own_data import digest_own, is_own

    found = given.digests()
    name = settings["data"]["name"]
    if given.data is None and not is_listed(name) and is_own(name):
        found |= digest_own(name)
    for thing in _things(settings, given):
        if not is_ours(thing):
            found[path_of(thing)] = source_digest(thing)
    return dict(sorted(found.items()))


def _things(settings: Mapping[str, Any], given: Given) -> Iterator[Any]:
    """The classes and functions that settings name."""
    from gnnlab import layers, rewiring
    from gnnlab.tasks.metrics.own import GROUP as METRICS
    from gnnlab.tasks.shared.listed import listed_tasks

    task = listed_tasks.find(settings["task"]["name"])
    yield task
    if given.model is None and task.trains:
        yield layers.find(settings["model"]["name"])
    table = {} if given.rewiring is not None else settings["rewiring"]
    while isinstance(table, Mapping) and table.get("name", "none") != "none":
        yield rewiring.find(table["name"])
        table = next((one for one in table.values() if isinstance(one, Mapping)), {})
    rest = {key: value for key, value in settings["task"].items() if key != "name"}
    yield from map(imported, _paths(rest))
    for name in (rest.get("metric"), *rest.get("also", ())):
        if isinstance(name, str) and name in plugins(METRICS):
            yield find_plugin(METRICS, name)


def _paths(value: Any) -> Iterator[str]:
    """Every import path in a setting, however deep."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _paths(one)
    elif is_path(value):
        yield value


def check_given(wanted: Mapping[str, Any], given: Given) -> None:
    """Refuse settings of objects in Python that are not given now.

    Args:
        wanted: the digests that a ``run.toml`` holds.

    Raises:
        ValueError: such a part.
    """
    for part in PARTS:
        if part in wanted and getattr(given, part) is None:
            raise ValueError(
                f"own.{part} says that {part} was an object in Python, which no file holds: call "
                f"gnnlab.run(config, {part}=...) with it"
            )


def warn_of_changes(wanted: Mapping[str, Any], found: Mapping[str, str]) -> None:
    """Warn where own parts are not as a ``run.toml`` says."""
    changed = [key for key in wanted if key in found and wanted[key] != found[key]]
    if changed:
        warnings.warn(
            f"{', '.join(changed)} changed since these settings were written, so this is another "
            "run",
            stacklevel=2,
        )
