"""One reader per file format: files in, a ``RawGraph`` as stored out."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from gnnlab.datasets.records import Record

from .raw import Open, RawGraph

__all__ = ["Open", "RawGraph", "reader"]


def reader(record: Record) -> Callable[[Record, Open], RawGraph]:
    """Give the ``read`` function of the module that the record names."""
    module = import_module(f".{record.reader}", __package__)
    read: Callable[[Record, Open], RawGraph] = module.read
    return read
