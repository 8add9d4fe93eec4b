"""OGB (Open Graph Benchmark) sets for link prediction, from the tables of its archives.

A split lies in files of torch's own format that hold numpy's arrays, or tensors. Both readers used
here build those and nothing else: torch's with ``weights_only``, which knows pickles of protocol 2
alone, and ours for arrays in pickles of any other.
"""

from __future__ import annotations

import gzip
import io
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import check_room, lines, member
from gnnlab.datasets.files.damage import damaged, parsing
from gnnlab.datasets.files.torch_files import load_tensors
from gnnlab.datasets.files.unpickling import ARRAYS, RECONSTRUCT, unpickle
from gnnlab.datasets.readers.raw import Open, RawLinks, node_ids

PARTS = ("train", "valid", "test")
NUMBERS = (np.int32, np.int64, np.float32, np.float64)


def read(record: Record, open_file: Open) -> RawLinks:
    """Read the training edges, what is known of edges and nodes, and the split.

    Options of the record: ``folder`` within the archive; ``split``, the split's folder; ``edges``
    and ``nodes``, the tables beside the edges and the features. Features are there if the published
    statistics say so.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687).
    """
    path, options = open_file(record.files[0]), record.options
    folder = str(options["folder"])

    def table(name: str, dtype: type = np.int64) -> np.ndarray:
        return read_table(path, f"{folder}/raw/{name}.csv.gz", dtype)

    nodes = int(table("num-node-list")[0, 0])
    check_room(path, nodes)
    edges = table("edge")
    x = np.empty((nodes, 0), np.float32)
    if record.statistics["features"]:
        x = table("node-feat", np.float32)
    if len(x) != nodes:
        raise damaged(path, f"features of {nodes} nodes", f"there are {len(x)} rows")
    beside = {
        kind: {name: torch.from_numpy(_column(table(name))) for name in options.get(kind, ())}
        for kind in ("edges", "nodes")
    }
    for kind, rows in (("edges", len(edges)), ("nodes", nodes)):
        for name, values in beside[kind].items():
            if len(values) != rows:
                raise damaged(path, f"{rows} rows of {name}", f"there are {len(values)}")
    return RawLinks(
        torch.from_numpy(x),
        node_ids(edges, path, nodes),
        beside["edges"],
        beside["nodes"],
        {part: _part(path, f"{folder}/split/{options['split']}/{part}.pt") for part in PARTS},
    )


def read_table(path: Path, name: str, dtype: type) -> np.ndarray:
    """Read a compressed table without a header out of an archive, line by line."""
    kind = f"an archive with a table {name}"
    with parsing(kind, [path]), zipfile.ZipFile(path) as archive, archive.open(name) as packed:
        with gzip.open(packed) as text:
            rows = lines(text, path, kind)
            found: np.ndarray = np.loadtxt(rows, dtype=dtype, delimiter=",", ndmin=2)
    return found


def _column(table: np.ndarray) -> np.ndarray:
    return table[:, 0] if table.shape[1] == 1 else table


def _part(path: Path, name: str) -> dict[str, Tensor]:
    """Read one part of the split: arrays and tensors of whole numbers by name."""
    with parsing(f"an archive with a split {name}", [path]):
        content = member(path, name).getvalue()
        return {key: torch.as_tensor(value).long() for key, value in _loaded(content).items()}


def _loaded(content: bytes) -> Any:
    """What ``torch.save`` wrote, in either of its formats."""
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_types()):
            warnings.simplefilter("ignore", UserWarning)  # of another protocol
            return load_tensors(io.BytesIO(content))
    except pickle.UnpicklingError:
        return _unpickled(io.BytesIO(content))


def _unpickled(file: io.BytesIO) -> Any:
    """Read a table of arrays past what torch writes around it."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            file = io.BytesIO(archive.read(name))  # within what was unpacked already
    else:
        file.seek(0)
        for _ in range(HEADER):
            unpickle(file, {}, TOLD)
    return unpickle(file, ARRAYS, TOLD)


HEADER = 3
"""Pickles before the object in torch's older format: a magic number, a version, the machine."""
TOLD = "a split of links"


def _types() -> list[Any]:
    """What arrays of numbers are made of, under the names of old and of new versions of numpy."""
    names = [f"numpy.{module}.multiarray._reconstruct" for module in ("core", "_core")]
    types = [type(np.dtype(number)) for number in NUMBERS]
    return [*((RECONSTRUCT, name) for name in names), np.ndarray, np.dtype, *types]
