"""One reader per file format: files in, a ``RawGraph`` as stored out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from gnnlab.datasets.damage import parsing
from gnnlab.datasets.records import Record

from .raw import GivenGraphs, Open, RawGraph, RawGraphs, RawLinks

__all__ = ["GivenGraphs", "Open", "RawGraph", "RawGraphs", "RawLinks", "reader"]


def reader(record: Record) -> Callable[[Record, Open], Any]:
    """Give the ``read`` function of the module that the record names.

    It returns a ``RawGraph``, or ``RawLinks`` where links are predicted; for a set of many
    ``RawGraphs``, or ``GivenGraphs`` where it comes split. Every file goes through here, so that
    whatever damage makes a parser raise becomes one sentence that names the file.
    """
    module = import_module(f".{record.reader}", __package__)

    def read(record: Record, open_file: Open) -> Any:
        paths = {file: open_file(file) for file in record.files}
        kind = f"the files of {record.name}" if len(paths) > 1 else f"the file of {record.name}"
        with parsing(kind, list(paths.values())):
            return module.read(record, paths.__getitem__)

    return read
