"""Archives of the long-range benchmark that are damaged, hostile or others than published."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gnnlab.datasets.catalogue.records import Record, find
from tests.datasets.lrgb_twins import archive, each_set, loaded, one, twin, written


class Evil:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


def hidden(evil: Evil) -> bytes:
    """A pickle that reaches torch's own unpickler, inside what looks like a storage."""
    return pickle.dumps(Evil(torch.storage._load_from_bytes, pickle.dumps(evil)), protocol=4)


def test_nothing_but_tensors_is_ever_built(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    evil = Evil(os.mkdir, str(flag))
    cases = {
        "PascalVOC-SP": [pickle.dumps([evil]), pickle.dumps(evil, 2), hidden(evil)],
        "Peptides-func": [written([(evil,)], "pt")],
    }
    for name, contents in cases.items():
        for content in contents:
            record, _ = twin(name, tmp_path, train=content)
            with pytest.raises(ValueError, match="cannot be read as an archive with"):
                loaded(record, tmp_path)
    assert not flag.exists()
    with pytest.raises(FileNotFoundError):  # the pickles are sound otherwise
        pickle.loads(pickle.dumps(Evil(os.mkdir, str(tmp_path / "none" / "flag"))))


def missing_part(record: Record, path: Path) -> None:
    archive(path, record, {"train": written([one(record, 0)], record.options["suffix"])})


def not_an_archive(record: Record, path: Path) -> None:
    path.write_bytes(b"<html>no such file</html>")


@pytest.mark.parametrize("spoil", [missing_part, not_an_archive])
@each_set
def test_damaged_archives_are_named(
    name: str, spoil: Callable[[Record, Path], None], tmp_path: Path
) -> None:
    record, _ = twin(name, tmp_path)
    spoil(record, tmp_path / record.files[0])
    with pytest.raises(ValueError, match=r"cannot be read as an archive with .*; delete it"):
        loaded(record, tmp_path)


def spoiled(name: str, part: str, change: Callable[[list[Any]], Any], root: Path) -> Record:
    record = find(name)
    values = list(one(record, 1))
    content = written([change(values)], record.options["suffix"])
    return replace(twin(name, root, **{part: content})[0], statistics={})


def swapped(values: list[Any], place: int, new: Any) -> tuple[Any, ...]:
    values[place] = new
    return tuple(values)


SPOILED: dict[str, tuple[str, Callable[[list[Any]], Any], str]] = {
    "too few": ("Peptides-func", lambda v: tuple(v[:3]), "graph 0 of val: 4 tensors are needed"),
    "no tensor": ("Peptides-func", lambda v: swapped(v, 0, "x"), "graph 0 of val"),
    "edges": ("PCQM-Contact", lambda v: swapped(v, 2, v[2][:, :3]), "8 rows for 3 edges"),
    "labels": ("PascalVOC-SP", lambda v: swapped(v, 3, v[3][:2]), "2 labels for 4 nodes"),
    "class": ("COCO-SP", lambda v: swapped(v, 3, v[3] * 0 + 12), "12 is none of them"),
    "outside": (
        "Peptides-func",
        lambda v: swapped(v, 2, v[2] + 100),
        "graph 3 of Peptides-func: .*names node",
    ),
    "not finite": (
        "PascalVOC-SP",
        lambda v: swapped(v, 0, v[0] / 0),
        "graph 3 of PascalVOC-SP: data.x is",
    ),
}


@pytest.mark.parametrize("case", sorted(SPOILED))
def test_what_does_not_fit_is_named_with_its_graph(case: str, tmp_path: Path) -> None:
    name, change, message = SPOILED[case]
    record = spoiled(name, "val", change, tmp_path)
    with pytest.raises(ValueError, match=message):
        loaded(record, tmp_path)


@pytest.mark.parametrize("key", ["graphs", "nodes", "rows", "features", "train", "val", "classes"])
def test_other_statistics_than_the_published_are_refused(key: str, tmp_path: Path) -> None:
    record, _ = twin("Peptides-func", tmp_path)
    record = replace(record, statistics={**record.statistics, key: 7})
    with pytest.raises(ValueError, match=rf"has \d+ {key}, but 7 are published"):
        loaded(record, tmp_path)
