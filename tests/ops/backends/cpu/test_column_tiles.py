"""Wide tables worked on some columns at a time: the same result, whatever the width of a tile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from ops_oracles import graph, normal
from torch import Tensor

from gnnlab.ops import Adjacency, attend, gcn_propagate, propagate

tiles = pytest.importorskip("gnnlab.ops.backends.cpu.column_tiles")
Operation = Callable[[Tensor, Adjacency, Tensor], Tensor]
OPERATIONS: dict[str, Operation] = {
    "sum": lambda x, adj, w: propagate(x.flatten(1), adj),
    "mean": lambda x, adj, w: propagate(x.flatten(1), adj, reduce="mean"),
    "weights": lambda x, adj, w: propagate(x.flatten(1), adj, w[:, 0]),
    "weights, mean": lambda x, adj, w: propagate(x.flatten(1), adj, w[:, 0], "mean"),
    "weights by head": lambda x, adj, w: propagate(x, adj, w),
    "gcn": lambda x, adj, w: gcn_propagate(x.flatten(1), adj),
    "gcn, weights": lambda x, adj, w: gcn_propagate(x.flatten(1), adj, w[:, 0].abs()),
    "additive": lambda x, adj, w: attend(x, adj, source=x[..., 0], target=x[..., 1]),
    "additive, weights": lambda x, adj, w: attend(
        x, adj, source=x[..., 0], target=x[..., 1], weight=w
    ),
    "product": lambda x, adj, w: attend(x, adj, query=x, key=x, weight=w[:, 0]),
}


def found(operation: Operation, dtype: torch.dtype) -> list[Tensor]:
    edge_index, nodes = graph("wide")
    x = normal(nodes, 6, 64).to(dtype).requires_grad_()
    weight = normal(edge_index.shape[1], 6, seed=1).to(dtype).requires_grad_()
    y = operation(x, Adjacency(edge_index, nodes), weight)
    grads = torch.autograd.grad((y * y).sum(), [x, weight], allow_unused=True)
    return [y, *(grad for grad in grads if grad is not None)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", OPERATIONS)
def test_tiles_change_nothing(
    name: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = found(OPERATIONS[name], dtype)
    monkeypatch.setattr(tiles, "REUSE", 0)
    for width in (64, 128, 256):
        monkeypatch.setattr(tiles, "CACHE", 30 * width * dtype.itemsize)
        again = found(OPERATIONS[name], dtype)
        if name.startswith(("additive", "product")):  # lanes of a vector hold edges or heads
            torch.testing.assert_close(again, whole, rtol=1e-4, atol=1e-4)
        else:
            assert all(map(torch.equal, again, whole)), width


def test_only_what_pays_is_cut() -> None:
    cut = tiles.tiles
    assert len(cut(12_000, 512, 64, 4, 1_000_000)) == 4
    assert [c.stop - c.start for c in cut(12_000, 500, 64, 4, 1_000_000)] == [128, 128, 128, 116]
    assert len(cut(12_000, 512, 64, 4, 24_000)) == 1  # hardly a row is read twice
    assert len(cut(1_000_000, 512, 64, 4, 10**9)) == 1  # not one tile fits
    assert len(cut(100, 512, 64, 4, 10_000)) == 1  # all fits
    assert cut(5, 0, 64, 4, 100) == []
