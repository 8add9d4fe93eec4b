"""Prefix sharing: the part that several paths begin with, in reading order, is read once."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.layers.paths.lstm import Places, Reading, Step
from gnnlab.ops import Adjacency, remember
from gnnlab.ops.graphs.adjacency import group


def reading_of(paths: Tensor, nodes: int, far: Tensor | None = None) -> Reading:
    """The steps in which paths are read, from their last row to their first.

    Paths whose nodes, and distances where these are read, agree so far have one state between them.
    After the last step each path has its own, in the order in which they are given. While
    ``torch.compile`` traces, where no size may depend on a value, each has its own throughout.

    Args:
        paths: (k + 1, P) int64, a path a column, row 0 the node that hears the others.
        nodes: N.
        far: (P, k + 1), how far each node is from the one that hears; None to read none.

    Raises:
        ValueError: a path names a node that is none, or one farther away than the path is long.

    Cost:
        O(P k), once for each tensor of paths.
    """
    if torch.compiler.is_compiling():
        return _alone(paths, nodes, far)
    seen = _seen(far)
    held: list[tuple[object, Tensor | None, Reading]] = remember(
        paths, ("read", nodes, far is None), list
    )
    for known, _, reading in held[:1]:
        if known == seen:
            return reading
    _check(paths, nodes, far)
    reading = _shared(paths, nodes, far)
    held[:] = [(seen, far, reading)]  # the same paths may come beside other distances
    return reading


def _check(paths: Tensor, nodes: int, far: Tensor | None) -> None:
    """Refuse the paths of another graph: they are sorted by numbers that must lie in range."""
    anew = "call encoder.transform(data) anew"
    if not paths.numel():
        return
    for node in (int(end) for end in paths.aminmax()):
        if not 0 <= node < nodes:
            raise ValueError(f"a path goes through node {node}, but the graph has {nodes}: {anew}")
    away = 0 if far is None else int(far.max())
    if away >= len(paths):
        raise ValueError(
            f"a path of {len(paths) - 1} edges has a node {away} away from where it begins: {anew}"
        )


def _seen(far: Tensor | None) -> object:
    """What tells these distances from others, and from themselves before a change in place."""
    if far is None:
        return None
    return object() if far.is_inference() else (id(far), far._version)


def _alone(paths: Tensor, nodes: int, far: Tensor | None) -> Reading:
    """A state for each path in every step; without distances, one for each node in the first."""
    read = paths.flip(0)
    hears = _pointers(paths[0], nodes)
    if far is None:
        first, *rest = (_pointers(row, nodes) for row in read)
        return Reading(None, [Step(rest[0], first), *map(Step, rest[1:])], hears)
    span = len(paths)
    every = torch.arange(nodes * span, device=paths.device)
    places = Places(_pointers(every // span, nodes), every % span)
    first, *rest = (_pointers(row, nodes * span) for row in read * span + far.T.flip(0))
    return Reading(first, [Step(row) for row in rest], hears, places)


def _shared(paths: Tensor, nodes: int, far: Tensor | None) -> Reading:
    """A state for each beginning that there is, in every step but the last."""
    keys, places = _keys(paths, nodes, far)
    rows = nodes if places is None else len(places.distance)
    begin: Adjacency | None = None
    steps: list[Step] = []
    order = _order(keys[:-1], rows)
    # Of each path, in this order: the number of its state, of how many.
    number, states = keys[0].index_select(0, order), nodes
    new = _changes(number)
    if places is not None:
        begin = _pointers(number[new], rows)
        number, states = _numbers(new), begin.num_edges
    for key in keys[1:-1]:
        own = key.index_select(0, order)
        new = new | _changes(own)
        first = new.nonzero().squeeze(1)
        # States that are all gone on from, by one each, are in this order already.
        apart = len(first) > states or (begin is None and not steps)
        after = _pointers(number.index_select(0, first), states) if apart else None
        steps.append(Step(_pointers(own.index_select(0, first), rows), after))
        number, states = _numbers(new), len(first)
    last = _pointers(torch.empty_like(number).scatter_(0, order, number), states)
    read = _pointers(keys[-1], rows)
    hears = read if places is None else _pointers(paths[0], nodes)
    return Reading(begin, [*steps, Step(read, last)], hears, places)


def _numbers(new: Tensor) -> Tensor:
    """(P,): how many new ones there were up to each, from 0 on."""
    return new.cumsum(0) - 1


def _keys(paths: Tensor, nodes: int, far: Tensor | None) -> tuple[Tensor, Places | None]:
    """The row that each step of a path reads, (k + 1, P), and what the rows are if not nodes."""
    read = paths.flip(0)
    if far is None:
        return read, None
    span = len(paths)
    keys = read * span + far.T.flip(0)
    there = torch.zeros(nodes * span, dtype=torch.bool, device=keys.device)
    there[keys.flatten()] = True
    found = there.nonzero().squeeze(1)
    return _numbers(there)[keys], Places(_pointers(found // span, nodes), found % span)


def _order(keys: Tensor, rows: int) -> Tensor:
    """(P,): the paths sorted by what is read first, then by what is read next, and so on."""
    order = torch.arange(keys.shape[1], device=keys.device)
    for key in keys.flip(0):
        order = order.index_select(0, group(key.index_select(0, order), rows).order)
    return order.long()


def _changes(values: Tensor) -> Tensor:
    """(P,): whether a value is the first or another than the one before."""
    new = torch.ones_like(values, dtype=torch.bool)
    new[1:] = values[1:] != values[:-1]
    return new


def _pointers(rows: Tensor, count: int) -> Adjacency:
    """A graph whose targets are these rows of ``count``."""
    return Adjacency.of(rows.expand(2, -1), count)
