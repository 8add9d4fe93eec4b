"""Tables of molecules: a SMILES and one or more targets a line."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.chemistry.graphs import to_graphs
from gnnlab.datasets.chemistry.smiles import read_smiles
from gnnlab.datasets.chemistry.stereo import stereo_of
from gnnlab.datasets.chemistry.unsaid import left_out
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.files.numbers import whole
from gnnlab.datasets.readers.raw import GivenGraphs, Open


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read molecules with what is to be predicted of them: T numbers, or one class.

    Options of the record: ``smiles`` and ``columns``, names of columns; ``classes``, whether the
    one column is a class; ``stereo``, whether codes of it are read.
    """
    path, options = open_file(record.files[0]), record.options
    columns = list(options["columns"])
    molecules, values = [], []
    for number, row in enumerate(rows(path, [options["smiles"], *columns]), start=2):
        try:
            molecules.append(read_smiles(row[options["smiles"]].strip()))
            values.append([float(row[column]) for column in columns])
        except ValueError as error:
            raise damaged(path, "molecules", f"line {number}: {error}") from None
    y = torch.tensor(values)
    if options.get("classes"):
        whole(np.array(values), path, "classes")
    stereo = [stereo_of(molecule) for molecule in molecules] if options.get("stereo") else None
    graphs = to_graphs(molecules, y[:, 0].long() if options.get("classes") else y, stereo)
    return GivenGraphs(graphs, left_out=left_out(molecules, stereo))


def rows(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Read a table and check that it has these columns, filled in every line.

    Raises:
        ValueError: it has not.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise damaged(path, "a table of molecules", error) from None
    if not found:
        raise damaged(path, "a table of molecules", "it has no line")
    for number, row in enumerate(found, start=2):
        for column in columns:
            if not isinstance(row.get(column), str):
                told = f"line {number} has no column {column!r}"
                raise damaged(path, "a table of molecules", told)
    return found
