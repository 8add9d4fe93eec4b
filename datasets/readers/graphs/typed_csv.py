"""CSV tables of molecules with typed atoms and bonds, one table for each part."""

from __future__ import annotations

import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.readers.graphs.smiles_csv import rows
from gnnlab.datasets.readers.raw import GivenGraphs, Open
from gnnlab.datasets.values.cut_graphs import cut
from gnnlab.datasets.values.edge_lists import both_directions_typed
from gnnlab.datasets.values.masks import from_indices


def read(record: Record, open_file: Open) -> GivenGraphs:
    """Read ``atoms``, codes with spaces between, ``bonds``, as ``i-j:kind``, and the number ``y``.

    The files are those of train, validation and test.
    """
    codes: list[list[int]] = []
    bonds: list[tuple[int, int, int]] = []
    targets: list[float] = []
    ends, start = [0], 0
    for file in record.files:
        path = open_file(file)
        for number, row in enumerate(rows(path, ["atoms", "bonds", "y"]), start=2):
            try:
                codes.append([int(word) for word in row["atoms"].split()])
                bonds += _bonds(row["bonds"], start, len(codes[-1]))
                targets.append(float(row["y"]))
            except ValueError as error:
                raise damaged(path, "coded molecules", f"line {number}: {error}") from None
            start += len(codes[-1])
        ends.append(len(targets))
    x = torch.tensor([float(code) for own in codes for code in own])[:, None]
    table = torch.tensor(bonds, dtype=torch.int64).reshape(-1, 3)
    edge_index, kind = both_directions_typed(table[:, :2].T, table[:, 2], start)
    sizes, y = torch.tensor([len(own) for own in codes]), torch.tensor(targets)[:, None]
    graphs = cut(sizes, x, edge_index, y, edge_attr=kind[:, None])
    train, val, test = (torch.arange(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True))
    return GivenGraphs(graphs, from_indices(train, val, test, len(graphs)))


def _bonds(text: str, start: int, atoms: int) -> list[tuple[int, int, int]]:
    """Read ``i-j:kind`` words; ``start`` is added to the atoms' numbers."""
    found = []
    for word in text.split():
        pair, _, kind = word.partition(":")
        one, _, other = pair.partition("-")
        ends = int(one), int(other)
        if not 0 <= min(ends) <= max(ends) < atoms:
            raise ValueError(f"a bond names an atom other than 0 to {atoms - 1}")
        found.append((start + ends[0], start + ends[1], int(kind)))
    return found
