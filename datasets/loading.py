"""Loading of data sets by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.contracts.data import check
from gnnlab.core.arguments import shown
from gnnlab.core.plugins import plugins
from gnnlab.core.settings import checked
from gnnlab.datasets.catalogue.records import Record, find, normal, records, unknown
from gnnlab.datasets.features.normalize import NormalizeFeatures
from gnnlab.datasets.features.sparse import ToSparseFeatures
from gnnlab.datasets.generators import GENERATORS, OF_MANY
from gnnlab.datasets.kinds.given_graphs import with_stereo
from gnnlab.datasets.kinds.graph import has_stereo, wanted
from gnnlab.datasets.kinds.link import check_split, load_links
from gnnlab.datasets.kinds.node import load_graphs, load_record
from gnnlab.datasets.own_data import GROUP, is_own, load_own, resolve_own
from gnnlab.datasets.splits.of_nodes import split_name

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs


def load(
    name: str,
    *,
    source: str | None = None,
    split: str | None = None,
    seed: int | None = None,
    root: str | Path | None = None,
    normalize_features: bool = False,
    sparse_features: bool = False,
    **settings: Any,
) -> Data | Graphs:
    """Load a graph, or a set of many, by name, from a mirror, the cache or its public address.

    Args:
        name: as ``names()`` lists them; case and ``-``/``_`` do not matter. Or a function,
            ``package.module:function``, that returns a graph or a :class:`Graphs` and is given
            ``settings``, or a file or folder.
        source: where several publish a set of this name (``"heterophilous"``, ``"geom-gcn"``, …);
            the first listed one if not given.
        split: ``"platonov"``, ``"public"``, ``"geom-gcn"`` as far as the set has them, or drawn:
            ``"random:SEED"``, ten stratified splits, 50/25/25 for source heterophilous and 60/20/20
            for all others (a set of many graphs has 100, 80/10/10); ``"planetoid:SEED"``, a hundred
            of 20 nodes a class, 500 and 1000 of any class; ``"shchur:SEED"``, a hundred of 20 and
            30 nodes a class and all others of the largest component; ``"city:SEED"``, ten of
            10/10/80, not stratified. A set of many graphs has ``"folds:SEED"``, ten stratified
            folds with a stratified tenth of the rest held out, see :func:`folds`. The set's own if
            not given.
        seed: of a generated set, or of a drawn split named without one.
        root: a folder laid out as a mirror, looked at first and downloaded into.
        normalize_features: divide each node's features by their sum (see
            :class:`NormalizeFeatures`).
        sparse_features: keep x as a CSR tensor, however dense it is (see
            :class:`ToSparseFeatures`).
        settings: of a generated set, as its function takes them; of a set of many graphs
            ``features``: ``"labels"``, ``"attributes"``, ``"labels+attributes"``, as far as its
            files have them, ``"degrees"`` (one-hot) or ``"constant"`` (1). The default is
            ``"labels"``, or ``"attributes"`` where there are none, or ``"constant"`` where there
            are neither; of one with several targets ``target``, the name of one or its number:
            all of them if not given; and ``repeats="drop"`` leaves of graphs that look alike one,
            and none where their labels differ (see :func:`distinct`). Of a set of SMILES
            ``stereo=True`` adds a column to x and one to edge_attr, codes of the hands of atoms and
            of the sides of double bonds; without it a warning counts what is left out.
            ``sizes=[2000, 500, 500]`` leaves the first so many training, validation and test graphs
            of a set with one split.

    Shapes:
        x (N, F) float32, F = 0 where the set has no features; edge_index (2, E) with both
        directions, sorted, for undirected sets, as stored for directed ones; y (N,) int64, -1 where
        unknown; train_mask, val_mask, test_mask (N, S) bool; also ``classes`` (C), ``name``,
        ``source``, ``split`` and ``raw_hash``. Of G graphs each has y (1,), or (1, T) float32
        for T targets, edge_type (E,) where edges have types, and the masks (G, S) belong to the
        set. Of a graph for link prediction there are x and edge_index alone, and what its files
        know of edges and nodes; ``link_parts`` where a split is published.

    Raises:
        ValueError: unknown name, source, split or setting (the nearest are offered); a damaged
            file; statistics other than the published ones.
        FileNotFoundError: a file that is nowhere at hand and cannot be fetched.
    """
    if normal(name) in (table := {normal(key): key for key in GENERATORS}):
        given = settings if seed is None else {**settings, "seed": seed}
        key = table[normal(name)]
        data = _generate(key, _generator_settings(key, source, split, given))
        if key in OF_MANY:
            _refuse_options(key, normalize_features, sparse_features)
            return data
    elif not is_listed(name) and is_own(name):
        data = load_own(name, {**_given(source, split, seed), **settings})
        if isinstance(data, Sequence):
            _refuse_options(name, normalize_features, sparse_features)
            return data
    else:
        record = find_record(name, source)
        if record.task == "link":
            refuse_settings(record, settings)
            data = load_links(record, split, seed, root)[0]
        elif record.task == "graph":
            _refuse_options(record.name, normalize_features, sparse_features)
            return load_many(record, split_name(record, split, seed), root, settings)
        else:
            refuse_settings(record, settings)
            data = load_record(record, split_name(record, split, seed), root)[0]
    if sparse_features:  # first, since there is less to divide then
        data = ToSparseFeatures(density=1)(data)
    return NormalizeFeatures()(data) if normalize_features else data


def resolve(
    name: str,
    source: str | None = None,
    split: str | None = None,
    normalize_features: bool = False,
    sparse_features: bool = False,
    **settings: Any,
) -> dict[str, Any]:
    """Return the arguments of ``load`` with every default filled in and names as listed.

    ``normalize_features`` and ``sparse_features`` are there only where they are set.

    Raises:
        ValueError: as ``load``; no file is opened.

    Example:
        >>> resolve("Cornell")
        {'name': 'cornell', 'source': 'heterophilous', 'split': 'platonov'}
    """
    if normal(name) in (table := {normal(key): key for key in GENERATORS}):
        key = table[normal(name)]
        own = _generator_settings(key, source, split, settings)
        return {"name": key, **own, **_kept(normalize_features, sparse_features)}
    if not is_listed(name) and is_own(name):
        own = resolve_own(name, {**_given(source, split), **settings})
        return {**own, **_kept(normalize_features, sparse_features)}
    record = find_record(name, source)
    seed = settings.pop("seed", None)
    more = {}
    if record.task == "graph":
        more = wanted(record, settings).settings()
    refuse_settings(record, settings)
    place = {"name": record.name, "source": record.source, **more}
    if record.task == "link":
        check_split(record, split, seed)
    else:
        place["split"] = split_name(record, split, seed)
    return {**place, **_kept(normalize_features, sparse_features)}


def is_listed(name: str) -> bool:
    """Whether a set of that name is read from files of the catalogue or generated."""
    return normal(name) in _listed()


@cache
def _listed() -> frozenset[str]:
    names = (known for one in records() for known in (one.name, *one.aliases))
    return frozenset(map(normal, [*GENERATORS, *names]))


def _given(source: str | None, split: str | None, seed: int | None = None) -> dict[str, str | int]:
    """Settings of own data that have the names of options of listed sets."""
    options = {"source": source, "split": split, "seed": seed}
    return {key: value for key, value in options.items() if value is not None}


def _kept(normalize_features: bool, sparse_features: bool) -> dict[str, Any]:
    """What happens to the features, as far as anything does."""
    options = {"normalize_features": normalize_features, "sparse_features": sparse_features}
    for name, value in options.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {shown(value)}, but it must be True or False")
    return {name: True for name, value in options.items() if value}


def _refuse_options(name: str, normalize_features: bool, sparse_features: bool) -> None:
    """Refuse for a set of many graphs what only one graph has."""
    for option in _kept(normalize_features, sparse_features):
        raise ValueError(f"{name} is a set of many graphs: leave {option} out")


@checked
def names(task: str | None = None) -> list[str]:
    """List the names ``load`` knows, sorted, those with files and those generated.

    Args:
        task: only sets for this task (``"node"``, ``"link"`` or ``"graph"``).
    """
    tasks = sorted({record.task for record in records()})
    if task is not None and task not in tasks:
        raise unknown("task", task, tasks)
    found = {record.name for record in records() if task in (None, record.task)}
    made = {None: set(GENERATORS), "graph": OF_MANY, "node": set(GENERATORS) - OF_MANY}
    generated = made.get(task, set())
    installed = set(plugins(GROUP)) if task is None else set()
    return sorted(found | generated | installed, key=str.lower)


def find_record(name: str, source: str | None) -> Record:
    """Look a record up; the nearest names offered for a mistyped one include generated sets."""
    try:
        return find(name, source)
    except ValueError:
        keys = {normal(key): key for key in names()}
        if source is None:
            raise unknown("dataset", name, list(keys.values()), keys) from None
        raise


def refuse_settings(record: Record, settings: Mapping[str, Any]) -> None:
    """Refuse a generator's settings for a set that is read from files."""
    if settings:
        raise ValueError(
            f"{record.name} is read from files and takes no setting {next(iter(settings))!r}; "
            f"source, split, seed{_more(record)} and root are all it has"
        )


def _more(record: Record) -> str:
    if record.task != "graph":
        return ""
    target = ", target" if "targets" in record.options else ""
    return f", features{target}, repeats, sizes{', stereo' if has_stereo(record) else ''}"


def load_many(
    record: Record, split: str, root: str | Path | None, settings: dict[str, Any]
) -> Graphs:
    """Load a set of many graphs with the settings that such sets have.

    Raises:
        ValueError: what the set cannot have, or any other setting.
    """
    settings = dict(settings)
    asked = wanted(record, settings)
    refuse_settings(record, settings)
    record = with_stereo(record) if asked.stereo else record
    features = str(record.options["features"]) if asked.stereo else asked.features
    whole = load_graphs(record, features, split, root, asked.target, asked.repeats)
    return whole if asked.sizes is None else whole.first(asked.sizes)


def _generator_settings(
    name: str, source: str | None, split: str | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """All arguments of a generator, the defaults included."""
    for key, value in (("source", source), ("split", split)):
        if value is not None:
            raise ValueError(f"{name} is generated and takes no {key}; got {key}={shown(value)}")
    known = inspect.signature(GENERATORS[name]).parameters
    for key in settings:
        if key not in known:
            raise unknown(f"setting of {name}", key, list(known))
    return {key: settings.get(key, parameter.default) for key, parameter in known.items()}


def _generate(name: str, settings: Mapping[str, Any]) -> Any:
    data: Any = GENERATORS[name](**settings)
    for graph in data if name in OF_MANY else [data]:
        check(graph)
    return data
