"""Random edits of stored structures, of graphs beside them and of changes that a rewiring wants."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "structure"), str(TESTS / "rewiring")]

from stored_cases import READERS, prepared, stored_keys  # noqa: E402

from gnnlab.rewiring import Changes, Rewiring  # noqa: E402

DTYPES = (
    *(torch.bool, torch.uint8, torch.int8, torch.int32, torch.int64),
    *(torch.float16, torch.float32, torch.float64, torch.complex64),
)


def of_stored(case: int) -> str:
    """Edit one key of a graph or a batch, stamped or not, and read it.

    Raises:
        AssertionError: a stamped key was edited and read all the same.
    """
    draw = random.Random(case)
    torch.manual_seed(case)
    name = draw.choice(sorted(READERS))
    encoder, data = prepared(name, draw.randint(6, 9), seed=case % 1000)
    if draw.random() < 0.3:
        data = Batch.from_data_list([data, prepared(name, 7, seed=1)[1]])
    stamped = draw.random() < 0.6
    if not stamped:
        del data[next(key for key in data.keys() if key.endswith("_of"))]
    before = data.to_dict()
    keys = [key for key in stored_keys(data) if key not in ("batch", "ptr")]
    key = draw.choice([*keys, "edge_index"])
    with torch.no_grad():
        encoder(data)
        _edit(draw, data, key)
        out = encoder(data)
    assert not stamped or _equal(before[key], data[key]) or key == "edge_index", f"{name} {key}"
    return f"{name} {key} {tuple(out.shape)}"


def _equal(one: Any, other: Any) -> bool:
    if isinstance(other, Tensor) and other.element_size() < 4 and other.is_floating_point():
        return True  # rounded, and so not compared
    return one is other or (
        isinstance(other, Tensor)
        and other.layout is torch.strided
        and not other.is_meta
        and one.shape == other.shape
        and torch.equal(one.double(), other.double())
    )


def _edit(draw: random.Random, data: Data, key: str) -> None:
    value = data[key]
    if draw.random() < 0.15:
        data[key] = draw.choice([None, 3, "text", [1, 2], np.ones(3), value.to_sparse(), {}])
        return
    axis = draw.randrange(value.dim())
    order = torch.randperm(value.shape[axis])
    edits: list[Callable[[], Tensor]] = [
        lambda: value.to(draw.choice(DTYPES)),
        lambda: value.index_select(axis, order),
        lambda: value.index_select(axis, order[: draw.randint(0, len(order))].sort().values),
        lambda: value.repeat_interleave(2, axis),
        lambda: value.transpose(0, -1),
        lambda: value.reshape(-1),
        lambda: value[None],
        lambda: value * 0 + draw.choice([-(2**62), -1, 0, 5, 300, 2**31, 2**40, 2**62]),
        lambda: _one_entry(draw, value),
        lambda: torch.full_like(value, float("nan")) if value.is_floating_point() else -value,
        lambda: value if key == "edge_index" else value.to("meta"),
        lambda: value.clone().requires_grad_() if value.is_floating_point() else value + 1,
    ]
    data[key] = draw.choice(edits)()


def _one_entry(draw: random.Random, value: Tensor) -> Tensor:
    value = value.clone()
    if value.numel():
        place = draw.randrange(value.numel())
        value.view(-1)[place] = draw.choice([-1, 0, 3, 7, 100, 127])
    return value


class Random(Rewiring):
    """Changes drawn without a look at the graph."""

    def changes(self, graph: Any) -> Changes:
        draw = random.Random(CASE[0])
        return draw.choice([lambda: _changes(draw)] * 9 + [lambda: draw.choice([None, 3, ()])])()


CASE = [0]


def _changes(draw: random.Random) -> Changes:
    def pairs() -> Any:
        low, high = draw.choice([(0, 7)] * 8 + [(-2, 9), (-(2**62), 2**62)])
        shape = draw.choice([(2, 0)] * 4 + [(2, draw.randint(1, 2))] * 6 + [(3, 2), (2,), ()])
        found = np.random.default_rng(draw.randrange(2**32)).integers(low, high, shape)
        if draw.random() < 0.8 and shape[:1] == (2,) and len(shape) == 2:
            found = np.sort(found, axis=0)
        made = found.astype(draw.choice([np.int64] * 30 + [np.int32, float, bool, object]))
        return draw.choice(
            [made] * 30 + [torch.from_numpy(np.asarray(found)), found.tolist(), None]
        )

    kind = draw.choice([None] * 20 + [np.zeros(2, int), np.array([5]), np.ones(1), [0], "a"])
    notes = draw.choice(
        [{}] * 20 + [{"x": np.ones(1)}, {"z": np.ones(1)}, {"z": [1]}, {1: 2}, None]
    )
    return Changes(pairs(), pairs(), kind, notes)


def of_changes(case: int) -> str:
    """Write random changes into a graph; what is written must be a simple change of it."""
    CASE[0] = case
    data = prepared("AddHops", 7)[1]
    out = Random()(data)
    kept, added = out.edge_index[:, out.edge_type == 0], out.edge_index[:, out.edge_type == 1]
    assert int(out.edge_index.max()) < 7 and not bool((added[0] == added[1]).any())
    every = torch.cat([kept, added], dim=1).T.tolist()
    assert len(set(map(tuple, every))) == len(every)
    return f"{added.shape[1]} added"
