"""Records of the catalogue: one frozen record a data set, read from TOML files in this folder."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from gnnlab.contracts.described import described


@dataclass(frozen=True)
class Citation:
    """The key facts of a BibTeX entry."""

    key: str
    kind: str
    fields: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


@dataclass(frozen=True)
class Split:
    """Splits that lie in files: who made them and where they are.

    ``order`` is a file of the graphs in the order in which the files number them, where that is not
    the data set's, and its address.
    """

    files: tuple[str, ...]
    url: str | None
    citation: str
    order: tuple[str, str] | None = None


@dataclass(frozen=True)
class Record:
    """What is known about one data set from one source before any file is opened.

    Attributes:
        name, source: together they are the key; ``source`` is the group's name with hyphens.
        task: ``"node"``; ``"link"`` for one graph without labels; ``"graph"`` for many graphs.
        reader: which module of ``datasets/readers`` reads the files.
        files: paths as in a mirror, ``group/name/file``.
        url: public address with ``{file}`` for the file's name; None where the public file has
            another format than the mirror's.
        urls: addresses of single files, by name, that are not there.
        archive: address of a zip that holds all files in a folder of the set's name; it is looked
            for where files lie loose in no mirror.
        origin: the public repository.
        licence: of the data; says so where none is stated.
        citations: keys into the catalogue's citations.
        directed: whether edges are used as stored; if not, every edge is given both directions.
        statistics: published or counted numbers that every load is checked against.
        splits: those that lie in files, by name; the first is the default.
        flaws: what a user should know before trusting a result.
        warning: printed by every load, for flaws that invalidate results.
        options: what the reader has to know beside the files.
        unchecked: why the catalogue has no checksum of the files; that of the first good ones is
            kept beside them and compared from then on.
    """

    name: str
    source: str
    task: str
    reader: str
    files: tuple[str, ...]
    url: str | None
    origin: str
    licence: str
    citations: tuple[str, ...]
    directed: bool
    statistics: Mapping[str, int]
    splits: Mapping[str, Split]
    default_split: str
    flaws: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    warning: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    unchecked: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    archive: str | None = None

    def address(self, path: str) -> str | None:
        """Where the file of a mirror path is published."""
        return self.urls.get(path.rpartition("/")[2], self.url)


def normal(name: str) -> str:
    """Fold case and the hyphen: names differ in neither.

    Raises:
        ValueError: no name: a graph, say.
    """
    if not isinstance(name, str):
        raise ValueError(
            f"{described(name)} was given, but sets are found by name, such as 'cora': "
            "gnnlab.datasets.names() lists all"
        )
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def find(name: str, source: str | None = None) -> Record:
    """Look a record up by name, alias and source; without a source the first listed one wins.

    Raises:
        ValueError: no such name (the nearest are offered), or not from this source.
    """
    wanted = normal(name)
    matches = [r for r in records() if wanted in map(normal, (r.name, *r.aliases))]
    if not matches:
        known = {normal(n): r.name for r in records() for n in (r.name, *r.aliases)}
        raise unknown("dataset", name, list(known.values()), keys=known)
    matches.sort(key=lambda record: normal(record.name) != wanted)  # a name before an alias
    if source is None:
        return matches[0]
    for record in matches:
        if normal(record.source) == normal(source):
            return record
    raise unknown(f"source of {name}", source, [r.source for r in matches])


def unknown(
    kind: str, name: str, choices: list[str], keys: Mapping[str, str] | None = None
) -> ValueError:
    """Phrase the error for a name that is not there: the nearest ones, or all if few."""
    table = keys or {normal(choice): choice for choice in choices}
    near = [table[key] for key in get_close_matches(normal(name), table, n=3, cutoff=0.5)]
    if near:
        hint = f"did you mean {' or '.join(map(repr, dict.fromkeys(near)))}?"
    elif len(choices) <= 8:
        hint = f"choose from {', '.join(map(repr, choices))}"
    else:
        hint = "gnnlab.datasets.names() lists all"
    return ValueError(f"unknown {kind} {name!r}; {hint}")


@cache
def records() -> tuple[Record, ...]:
    """Read the whole catalogue once; the order decides which source is a name's default."""
    groups = (
        *("heterophilous", "planetoid", "npz", "fb100", "twitch", "airports", "road"),
        *("geom_gcn", "tu", "molecules", "lrgb", "benchmarking_gnns", "ogb", "expressivity"),
        *("link", "ogbl"),
    )
    return tuple(record for group in groups for record in _group(group))


@cache
def citations() -> Mapping[str, Citation]:
    """Read the citations of the catalogue, by key."""
    entries = _toml("citations")
    return MappingProxyType(
        {key: Citation(key, entry.pop("kind"), entry) for key, entry in entries.items()}
    )


@cache
def checksums() -> Mapping[str, str]:
    """Read the known checksums by mirror path: ``sha256:…`` or ``git:…`` (a git blob's SHA-1).

    Several, with spaces between, are the checksums of several good versions.
    """
    text = (files(__package__) / "checksums.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(text))


def _toml(stem: str) -> dict[str, Any]:
    text = (files(__package__) / f"{stem}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _group(group: str) -> list[Record]:
    content = _toml(group)
    return [_record(group, {**content["defaults"], **entry}) for entry in content["set"]]


def _record(group: str, entry: dict[str, Any]) -> Record:
    """Fill ``{name}``, ``{folder}`` and ``{stem}`` into the paths of one catalogue entry."""
    folder = entry.pop("folder", entry["name"])
    words = {"name": entry["name"], "folder": folder, "stem": entry.pop("stem", folder)}
    files = tuple(f"{group}/{folder}/{name.format(**words)}" for name in entry.pop("files"))
    splits = {name: _split(split, words) for name, split in entry.pop("splits", {}).items()}
    url = entry.pop("url", None)
    rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    rest["files"] = files
    rest["url"] = url and url.replace("{folder}", folder)
    if "archive" in rest:
        rest["archive"] = rest["archive"].format(**words)
    rest["splits"] = MappingProxyType(splits)
    rest["statistics"] = MappingProxyType(rest["statistics"])
    rest.setdefault("default_split", next(iter(splits), "random:0"))
    return Record(source=group.replace("_", "-"), **rest)


def _split(split: dict[str, Any], words: Mapping[str, str]) -> Split:
    paths = [
        path.format(**words).replace("*", str(number))
        for path in split["files"]
        for number in (split.get("numbers", range(10)) if "*" in path else (0,))
    ]
    order = tuple(split["order"]) if "order" in split else None
    return Split(tuple(paths), split.get("url"), split["citation"], order)
