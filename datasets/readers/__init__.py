"""Readers, one a file format: files in, a ``RawGraph`` as stored out.

They lie by what they read: ``nodes`` (one graph), ``graphs`` (a set of many), ``links``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.damage import parsing
from gnnlab.datasets.readers.raw import GivenGraphs, Open, RawGraph, RawGraphs, RawLinks

__all__ = ["GivenGraphs", "Open", "RawGraph", "RawGraphs", "RawLinks", "reader"]


def reader(record: Record) -> Callable[[Record, Open], Any]:
    """Give the ``read`` function of the module that the record names.

    It returns a ``RawGraph``, or ``RawLinks`` where links are predicted; for a set of many
    ``RawGraphs``, or ``GivenGraphs`` where it comes split. Every file goes through here, so that
    whatever damage makes a parser raise becomes one sentence that names the file.
    """
    names = [f"{__package__}.{kind}.{record.reader}" for kind in ("nodes", "graphs", "links")]
    module = import_module(next(name for name in names if find_spec(name)))

    def read(record: Record, open_file: Open) -> Any:
        paths = {file: open_file(file) for file in record.files}
        kind = f"the files of {record.name}" if len(paths) > 1 else f"the file of {record.name}"
        with parsing(kind, list(paths.values())):
            return module.read(record, paths.__getitem__)

    return read
