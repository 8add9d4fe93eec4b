"""The catalogue says what a user must know, and names resolve as promised."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import gnnlab.datasets
from gnnlab.datasets import load, names
from gnnlab.datasets.catalogue.records import checksums, citations, find, records


def test_every_record_names_licence_origin_statistics_and_known_citations() -> None:
    for record in records():
        assert record.licence and record.origin.startswith("https://")
        counted = {"nodes", "undirected", "features", "classes"}
        if "serves" in record.options:  # of graphs with targets of any kind
            counted = {"graphs", "features"}
        if record.task == "link":
            counted = {"nodes", "features", "rows" if record.source == "ogbl" else "undirected"}
        if record.name == "REDDIT-BINARY":  # copies of two counts of nodes go about
            counted -= {"nodes"}
        assert counted <= set(record.statistics)
        keys = [*record.citations, *(split.citation for split in record.splits.values())]
        assert keys and set(keys) <= set(citations())
        for file in record.files:
            group, _, rest = file.partition("/")
            assert group == record.source.replace("-", "_") and rest.count("/") == 1


def test_every_file_with_an_address_has_a_checksum_or_says_why_not() -> None:
    for record in records():
        known = [path in checksums() for path in record.files if record.address(path)]
        if record.unchecked:
            assert not all(known), record.name
        elif not record.splits or any(known):  # some sets have addresses of their splits alone
            assert all(known), record.name
        for split in record.splits.values():
            own = split.files if split.order is None else (*split.files, split.order[0])
            assert all(path in checksums() for path in own if split.url)


def test_name_and_source_are_a_key() -> None:
    pairs = [(record.name.lower(), record.source) for record in records()]
    assert len(set(pairs)) == len(pairs)


def test_names_are_sorted_and_hold_the_promised_sets() -> None:
    known = names(task="node")
    assert known == sorted(known, key=str.lower)
    assert {
        *("minesweeper", "roman-empire", "amazon-ratings", "tolokers", "questions"),
        *("chameleon_filtered", "squirrel_filtered_directed", "cornell", "texas", "wisconsin"),
        *("film", "cora", "citeseer", "pubmed", "amazon_computers", "polblogs", "Reed98"),
        *("PTBR", "brazil", "minesweeper-generated", "csbm", "karate", "rmat"),
    } <= set(known)


@pytest.mark.parametrize(
    ("asked", "source", "name", "found"),
    [
        ("Roman_Empire", None, "roman-empire", "heterophilous"),
        ("SQUIRREL-FILTERED", None, "squirrel_filtered", "heterophilous"),
        ("chameleon", "GEOM_GCN", "chameleon", "geom-gcn"),
        ("actor", None, "actor", "heterophilous"),
        ("actor", "geom-gcn", "film", "geom-gcn"),
        ("film", None, "film", "geom-gcn"),
        ("film", "heterophilous", "actor", "heterophilous"),
        ("cornell", None, "cornell", "heterophilous"),
        ("twitch-ru", None, "RU", "twitch"),
    ],
)
def test_case_and_hyphens_do_not_matter(
    asked: str, source: str | None, name: str, found: str
) -> None:
    record = find(asked, source)
    assert (record.name, record.source) == (name, found)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: load("minesweper"), "unknown dataset 'minesweper'; did you mean 'minesweeper'"),
        (lambda: load("karat"), "did you mean 'karate'"),
        (lambda: load("zzzz"), "names\\(\\) lists all"),
        (lambda: load("cora", source="geomgcn"), "unknown source of cora 'geomgcn'"),
        (lambda: load("cora", split="geomgcn"), "did you mean 'geom-gcn'"),
        (lambda: load("cora", split="random:one"), "names no seed"),
        (lambda: load("cora", split="shchur"), "'random:0', 'planetoid:0', 'shchur:0'"),
        (lambda: load("cora", split="planetoid:x"), "names no seed; write 'planetoid:0' with a"),
        (lambda: load("cora", split="planetoid:1", seed=2), "seed=2 has no use for cora with spl"),
        (lambda: load("MUTAG", split="shchur:1"), "unknown split of MUTAG 'shchur:1'"),
        (lambda: load("MUTAG", normalize_features=True), "many graphs: leave normalize_features"),
        (lambda: load("cora", seed=1), "ask for split='random:1'"),
        (lambda: load("cora", rows=1), "takes no setting 'rows'"),
        (lambda: names("nodes"), "did you mean 'node'"),
    ],
)
def test_unknown_names_offer_the_nearest(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]


def test_importing_the_room_loads_no_heavy_package() -> None:
    heavy = ["torch_geometric", "scipy", "pandas", "networkx", "sklearn", "numba", "matplotlib"]
    code = f"import sys, gnnlab.datasets; print([m for m in {heavy} if m in sys.modules])"
    root = Path(gnnlab.__file__).parent.parent
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert out.stdout.strip() == "[]"


def test_checksums_are_well_formed() -> None:
    for value in checksums().values():
        for part in value.split():
            kind, _, digest = part.partition(":")
            assert len(digest) == {"sha256": 64, "git": 40}[kind]
    json.dumps(dict(checksums()))
