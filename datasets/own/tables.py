"""Tables of nodes and edges, as DataFrames or files, made into one graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gnnlab.core.arguments import check_choice, check_flag, check_text
from gnnlab.core.settings import checked
from gnnlab.datasets.files.sources import checksum, combined
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.own.tabular.columns import AUTO, ends, ids
from gnnlab.datasets.own.tabular.edge_tables import EdgeColumns, EdgeValues
from gnnlab.datasets.own.tabular.edge_tables import values_of as edge_values
from gnnlab.datasets.own.tabular.edges import Edges, Repeats, arranged
from gnnlab.datasets.own.tabular.features import Coding, Missing
from gnnlab.datasets.own.tabular.frames import Table, table
from gnnlab.datasets.own.tabular.ids import counted, gathered, names_of, numbered
from gnnlab.datasets.own.tabular.labels import Kind
from gnnlab.datasets.own.tabular.node_tables import NodeColumns, NodeValues
from gnnlab.datasets.own.tabular.node_tables import values_of as node_values
from gnnlab.datasets.own.tabular.stored import count_stored

if TYPE_CHECKING:
    from torch_geometric.data import Data

    Array = np.ndarray[Any, Any]

Columns = str | Sequence[str] | None
"""One column, several, or none."""


@checked
def from_tables(
    nodes: Any = None,
    edges: Any = None,
    *,
    directed: bool = False,
    id: str | None = AUTO,
    source: str = AUTO,
    target: str = AUTO,
    features: Columns = AUTO,
    categories: Columns = (),
    coding: Coding = "one_hot",
    label: Columns = AUTO,
    kind: Kind = "auto",
    split: str | None = AUTO,
    weight: str | None = AUTO,
    edge_type: str | None = AUTO,
    time: str | None = AUTO,
    edge_features: Columns = AUTO,
    edge_categories: Columns = (),
    repeats: Repeats = "merge",
    missing: Missing = "refuse",
    name: str | None = None,
) -> Data:
    r"""Graph of a table of edges and, where there is one, a table of nodes.

    A table is a pandas DataFrame, or the path of a CSV (``.csv``, ``.tsv``, ``.txt``; packed or
    not; separated by commas, tabs, semicolons or bars) or parquet file. An argument that is
    ``"auto"`` goes by usual names of columns; None says that there is no such column.

    Nodes are in the order of their table; without one, in the order of their names: numbers by
    size, text by its letters. Edges are sorted by source, then target.

    Args:
        nodes: a row for each; None takes the nodes that edges name, without features.
        edges: a row for each.
        directed: keep directions. If not, every edge gets its reverse, with the same values.
        id: column of the nodes' names, numbers or text (``id``, ``node``, ``name``, …); ``"row"``
            where edges count the rows of nodes from 0. Names that are all numbers are read as
            numbers, without leading zeros: give a DataFrame of text to keep these.
        source, target: columns of the two ends (``source`` and ``target``, ``src`` and ``dst``, …;
            of a table without other columns, its two).
        features: columns of numbers (or of lists of numbers) in x; ``auto`` takes all that are for
            nothing else, ``[]`` none.
        categories: columns whose values only tell apart; they follow the numbers.
        coding: ``one_hot``, a column for each value; ``codes``, one column of whole numbers, for
            embeddings, with ``data.x_sizes``.
        label: column or columns of what is to be predicted (``label``, ``y``, ``class``,
            ``target``); an empty cell is unknown.
        kind: ``classes``, numbered in the order of their names; ``regression``, numbers;
            ``labels``, several of 0 and 1. ``auto`` takes words, truth values and whole numbers of
            one column as classes and all else as numbers.
        split: column with train, valid or test for every node (``split``; or the three columns
            ``train_mask``, ``val_mask`` and ``test_mask``). See :func:`gnnlab.datasets.split` for
            splits that are drawn.
        weight: column of ``edge_weight``.
        edge_type: column of ``edge_type``, numbered in the order of their names.
        time: column of ``edge_time``: numbers as they are, dates as seconds since 1970.
        edge_features, edge_categories: columns of ``edge_attr``, as for nodes.
        repeats: ``merge`` rows of edges that are alike in all that is read of them; ``keep`` all;
            ``sum`` the weights of each pair (1 each where there are none).
        missing: empty cells among features: ``refuse`` them, ``keep`` them as nan, which
            :func:`gnnlab.check` refuses, or write ``zero`` or the column's ``mean``.
        name: of the graph; the folder's of the edges, or ``own``.

    Shapes:
        x (N, F) float32, F = 0 where there are no features; edge_index (2, E) int64; y (N,) int64
        of classes, -1 where unknown, or float32 (N,) or (N, T), nan where unknown; edge_weight (E,)
        and edge_attr (E, D) float32, edge_type (E,) int64, edge_time (E,); masks (N, 1). Beside
        them ``node_ids`` (N,), ``feature_names``, ``class_names``, ``target_names``,
        ``edge_attr_names``, ``edge_type_names``, ``stored``, which counts rows, repeats and
        reverses, and ``unread``, the columns that nothing was made of.

    Raises:
        ValueError: with file, line and column: an edge whose end is no node, two nodes of one name,
            a cell that is no number, an empty one, a column that is not there.
        FileNotFoundError: no such file.

    Cost:
        O(N F + E log E); a million edges of text take about two seconds from a CSV file.

    Example:
        >>> import pandas as pd
        >>> people = pd.DataFrame({"id": ["ada", "bob", "cyd"], "age": [36, 41, 29],
        ...                        "label": ["poet", "clerk", "poet"]})
        >>> knows = pd.DataFrame({"source": ["ada", "bob"], "target": ["bob", "cyd"]})
        >>> data = from_tables(people, knows)
        >>> data.edge_index.tolist(), data.y.tolist(), data.class_names
        ([[0, 1, 1, 2], [1, 0, 2, 1]], [1, 0, 1], ('clerk', 'poet'))
    """
    check_flag("directed", directed)
    check_choice("repeats", repeats, ("merge", "keep", "sum"))
    if edges is None:
        raise ValueError("edges is None, but a graph has a table of edges: give edges=")
    rows = table(edges, "edges")
    own = None if nodes is None else table(nodes, "nodes")
    asked = NodeColumns(features, categories, coding, label, kind, split, missing)
    wanted = EdgeColumns(weight, edge_type, time, edge_features, edge_categories, missing)
    where = ends(rows, source, target)
    frame = rows.read(where)
    links = [names_of(frame[column], rows, column) for column in where]
    values = edge_values(rows, frame, where, wanted)
    if own is None:
        (one, other), found = gathered(links)
        there = nothing_known(len(found), asked)
    else:
        key = ids(own, id)
        known = own.read([key] if key else [])
        if not len(known):
            raise ValueError(f"{own.name} has no row, so the graph has no node: fill it")
        there = node_values(own, known, key, asked)
        if key is None:
            (one, other), found = counted(len(known), links, own), np.arange(len(known))
        else:
            (one, other), found = numbered(names_of(known[key], own, key), links)
    linked = arranged(Edges(one, other, values.values), len(found), directed, repeats)
    there.kept["stored"] = count_stored(one, other, len(found))
    return put_together(linked, there, values, found, [own, rows], name)


def put_together(
    edges: Edges,
    nodes: NodeValues,
    values: EdgeValues,
    found: Array,
    tables: list[Table | None],
    name: str | None,
) -> Data:
    """Make the graph of what tables hold.

    Args:
        edges: arranged.
        nodes, values: what the rows of nodes and of edges hold.
        found: names of the nodes.
        tables: where all of it is from.
        name: of the graph, or None.
    """
    kept: dict[str, Any] = {**nodes.kept, **values.kept}
    targets = nodes.targets
    if targets is not None and targets.classes:
        kept["class_names"] = targets.class_names
    elif targets is not None:
        kept["target_names"] = targets.names
    if nodes.masks is not None:
        kept["split"] = "column"
    unread = nodes.unread + values.unread
    paths = [one.path for one in tables if one is not None and one.path is not None]
    kept |= {key: torch.from_numpy(value) for key, value in edges.values.items()}
    if paths:
        kept["raw_hash"] = combined({path.name: checksum(path) for path in paths})
    return build(
        nodes.x,
        torch.from_numpy(np.stack([edges.source, edges.target])),
        None if targets is None else targets.y,
        0 if targets is None else targets.classes,
        nodes.masks,
        name_of(name, paths),
        source="own",
        node_ids=torch.from_numpy(found.copy()) if found.dtype == np.int64 else found,
        unread=unread,
        **kept,
    )


def nothing_known(nodes: int, asked: NodeColumns) -> NodeValues:
    """Nodes without a table: no features and no targets.

    Raises:
        ValueError: some are asked for.
    """
    for key in ("features", "label", "split"):
        if getattr(asked, key) not in (AUTO, None) and len(getattr(asked, key)):
            raise ValueError(
                f"{key} is {getattr(asked, key)!r}, but there is no table of nodes: give nodes="
            )
    return NodeValues(torch.zeros(nodes, 0), None, None, {"feature_names": ()}, ())


def name_of(name: str | None, paths: list[Path]) -> str:
    """The name that is given, else that of the folder that the files lie in."""
    if name is None:
        return paths[-1].resolve().parent.name if paths else "own"
    check_text("name", name)
    return name
