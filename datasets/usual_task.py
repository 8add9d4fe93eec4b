"""Usual task of a listed data set: what its labels are for, told before any file is opened."""

from __future__ import annotations

from gnnlab.datasets.catalogue.records import normal
from gnnlab.datasets.generators import GENERATORS, OF_MANY
from gnnlab.datasets.loading import find_record

OF_NODES = ("cluster-generated", "pattern-generated")
"""Generated sets of many graphs whose nodes have labels."""


def usual_task(name: str, source: str | None = None) -> str:
    """Return ``node``, ``link`` or ``graph``.

    Raises:
        ValueError: no such set.

    Example:
        >>> usual_task("cora"), usual_task("ogbl-collab"), usual_task("PATTERN"), usual_task("zinc")
        ('node', 'link', 'node', 'graph')
    """
    table = {normal(key): key for key in GENERATORS}
    if normal(name) in table:
        key = table[normal(name)]
        return "graph" if key in OF_MANY and key not in OF_NODES else "node"
    record = find_record(name, source)
    first = str(record.options.get("serves", record.task)).partition(" ")[0]
    return first if first in ("node", "link") else record.task
