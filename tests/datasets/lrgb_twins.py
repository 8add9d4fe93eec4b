"""Small archives as the long-range benchmark has them."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gnnlab.datasets import loading
from gnnlab.datasets.catalogue.records import Record, find, records
from gnnlab.datasets.chemistry.codes import ATOMS, BONDS
from gnnlab.datasets.values.graphs import Graphs

SETS = [record.name for record in records() if record.source == "lrgb"]
PARTS = {"train": 3, "val": 1, "test": 2}
each_set = pytest.mark.parametrize("name", SETS)


def one(record: Record, number: int) -> tuple[Any, ...]:
    """A ring as the set's files hold it; its label, codes and pairs depend on the number."""
    random, nodes = torch.Generator().manual_seed(number), 3 + number
    ring = torch.arange(nodes)
    edge_index = torch.stack([torch.cat([ring, ring.roll(1)]), torch.cat([ring.roll(1), ring])])
    rows = edge_index.shape[1]
    if record.options["target"] == "nodes":
        x = torch.rand(nodes, 14, generator=random).half()
        attr = torch.rand(rows, 2, generator=random).half()
        labels = record.options.get("labels", range(21))
        top = labels[-1] if number == 0 else labels[number]
        y = np.array([top] * nodes, dtype=np.uint8)
        return x, attr, edge_index, y
    x = torch.stack([torch.randint(size, (nodes,), generator=random) for size in ATOMS], 1)
    attr = torch.stack([torch.randint(size, (rows,), generator=random) for size in BONDS], 1)
    if record.options["target"] == "pairs":
        pairs = torch.randint(nodes, (2, 4), generator=random)
        return x, attr, edge_index, pairs, torch.tensor([1, 1, 0, 0], dtype=torch.int32)
    count = record.statistics["classes"]
    values = torch.randn(1, count, generator=random)
    return x, attr, edge_index, (values > 0).float() if count == 10 else values


def written(values: list[tuple[Any, ...]], suffix: str) -> bytes:
    if suffix == "pickle":
        return pickle.dumps(values, protocol=4)
    file = io.BytesIO()
    torch.save(values, file)
    return file.getvalue()


def archive(path: Path, record: Record, contents: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for part, content in contents.items():
            file.writestr(f"{record.options['folder']}/{part}.{record.options['suffix']}", content)
    return path


def twin(name: str, root: Path, **changed: bytes) -> tuple[Record, list[tuple[Any, ...]]]:
    """The set's record with a small archive in its place, and what the archive holds."""
    record = find(name, "lrgb")
    whole = [one(record, number) for number in range(sum(PARTS.values()))]
    contents, start = {}, 0
    for part, count in PARTS.items():
        contents[part] = written(whole[start : start + count], record.options["suffix"])
        start += count
    archive(root / record.files[0], record, {**contents, **changed})
    own = {
        "graphs": len(whole),
        "nodes": sum(len(values[0]) for values in whole),
        "rows": sum(values[2].shape[1] for values in whole),
        "features": whole[0][0].shape[1],
        **PARTS,
    }
    if "classes" in record.statistics:
        own["classes"] = record.statistics["classes"]
    return replace(record, statistics=own, url=None), whole


def loaded(record: Record, root: Path) -> Graphs:
    return loading.load_graphs(record, record.options["features"], "public", root)
