"""A bad graph is answered with one sentence naming the thing, its value and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.data.data import BaseData
from torch_geometric.edge_index import EdgeIndex

import gnnlab
from gnnlab.contracts.data import check, check_node_classes

NODES = 6


def graph() -> Data:
    """Six nodes on a ring, two splits."""
    around = torch.arange(NODES)
    part = torch.stack([around // 2, (around // 2 + 1) % 3], 1)
    return Data(
        x=torch.eye(NODES),
        edge_index=torch.stack([around, (around + 1) % NODES]),
        y=around % 2,
        train_mask=part == 0,
        val_mask=part == 1,
        test_mask=part == 2,
    )


def spoil(**values: Any) -> Callable[[BaseData], None]:
    def change(data: BaseData) -> None:
        for name, value in values.items():
            setattr(data, name, value)

    return change


def write(name: str, place: tuple[int, ...], value: Any) -> Callable[[BaseData], None]:
    def change(data: BaseData) -> None:
        tensor = getattr(data, name).clone()
        tensor[place] = value
        setattr(data, name, tensor)

    return change


none, full = torch.zeros(NODES, 2, dtype=torch.bool), torch.ones(NODES, 2, dtype=torch.bool)
BAD: list[tuple[Callable[[BaseData], None], str]] = [
    (spoil(x=None), r"data.x is missing, .*: set data.x, for instance to torch.ones"),
    (spoil(x=torch.zeros(NODES)), r"data.x must be .* \(N, F\), not \(6,\)"),
    (spoil(x=[1, 2]), r"data.x must be .*, not a list"),
    (spoil(x=torch.zeros(0, 3)), "data.x has 0 rows"),
    (spoil(num_nodes=7), "data.num_nodes is 7, but data.x has 6 rows"),
    (write("x", (2, 3), torch.nan), r"data.x is nan in row 2, column 3 \(1 such values"),
    (write("x", (0, 5), torch.inf), "data.x is inf in row 0, column 5 .*nan_to_num"),
    (spoil(edge_index=None), "data.edge_index is missing"),
    (write("edge_index", (1, 2), 6), "edge_index names node 6, but data.x has 6 rows, .* 0 to 5"),
    (write("edge_index", (0, 2), -1), "edge_index names node -1, but data.x has 6 rows"),
    (spoil(edge_index=torch.zeros(3, 2).long()), r"shape \(2, E\), not \(3, 2\): transpose it"),
    (spoil(edge_index=torch.zeros(4).long()), r"shape \(2, E\), not \(4,\): reshape it"),
    (spoil(edge_index=torch.zeros(2, 4)), r"edge_index holds torch.float32, .* with .long\(\)"),
    (spoil(x=torch.arange(NODES)[:, None]), r"data.x holds torch.int64, but features are floating"),
    (spoil(x=torch.eye(NODES).to_sparse_csc()), "data.x is torch.sparse_csc, but encoders read"),
    (spoil(x=(torch.eye(NODES) / 0).to_sparse()), "data.x is inf in row 0, column 0"),
    (
        spoil(x=torch.ones(NODES, 2).to_sparse(1)),
        r"one floating number an entry .* not torch.float32 \(2,\) in \(6, 2\)",
    ),
    (
        spoil(
            x=torch.sparse_csr_tensor(
                [0, 1, 1, 1, 1, 1, 1], [9], [1.0], (NODES, 3), check_invariants=False
            )
        ),
        "an entry is in column 9, but there are 3 columns",
    ),
    (
        spoil(x=torch.ones(NODES, 1).numpy()),
        "not a ndarray: make it a tensor, with torch.as_tensor",
    ),
    (
        spoil(edge_weight=torch.ones(NODES, 1)),
        "data.edge_weight is torch.float32 of shape",
    ),
    (spoil(edge_weight=torch.ones(NODES).long()), "data.edge_weight is torch.int64 of shape"),
    (spoil(edge_index=torch.zeros(2, 4).int()), "edge_index holds torch.int32"),
    (spoil(edge_weight=torch.ones(5)), r"edge_weight must have .* 6 edges, not \(5,\)"),
    (spoil(edge_weight=torch.full((6,), torch.nan)), "data.edge_weight is nan in row 0 "),
    (spoil(edge_attr=torch.full((6, 2), torch.inf)), "edge_attr is inf in row 0, column 0"),
    (spoil(edge_type=torch.ones(7).long()), "edge_type must have"),
    (spoil(y=None), "data.y is missing, but data has masks"),
    (spoil(y=torch.arange(5)), r"data.y must have shape \(6,\), .* not \(5,\)"),
    (spoil(y=torch.zeros(6, 1).long()), r"not \(6, 1\): reshape it"),
    (spoil(y=torch.zeros(6) > 0), r"data.y holds torch.bool, .*convert them with .long\(\)"),
    (
        spoil(y=torch.full((6, 2), torch.inf)),
        "data.y is inf at node 0, column 0, but a target",
    ),
    (spoil(y=torch.full((6,), torch.nan)), r"data.train_mask selects node 0, but data.y is nan"),
    (spoil(y=torch.zeros(6, 0)), r"data.y must have shape \(6,\), .* not \(6, 0\)"),
    (write("y", (4,), -2), "data.y is -2 at node 4, but labels run from 0 to 1 "),
    (write("y", (4,), -1), r"data.train_mask selects node 4, but its label .* -1 \(unknown\)"),
    (spoil(y=torch.full((6,), -1)), r"data.y is -1 \(unknown\) everywhere"),
    (spoil(classes=2, y=torch.tensor([0, 1, 2, 0, 1, 1])), "data.y is 2 at node 2, .* 0 to 1 "),
    (spoil(val_mask=None), "data has train_mask, test_mask but no val_mask"),
    (spoil(val_mask=none[:5]), r"val_mask must have shape \(6,\) or \(6, S\), .* not \(5, 2\)"),
    (spoil(test_mask=[0, 1]), "test_mask must have shape .* not a list"),
    (spoil(test_mask=torch.zeros(6).long()), r"test_mask holds torch.int64, .*\.bool\(\)"),
    (spoil(val_mask=none), "data.val_mask selects no node in split 0"),
    (spoil(train_mask=none[:, :0]), r"train_mask must have .* not \(6, 0\)"),
    (spoil(train_mask=full[:, [0, 0, 0]]), r"numbers of splits \(train_mask 3, val_mask 2"),
    (write("train_mask", (5, 0), True), "node 5 is in data.train_mask and data.test_mask of spl"),
    (
        write("train_mask", (0, 1), True),
        "node 0 is in data.train_mask and data.val_mask of split 1",
    ),
    (write("val_mask", (4, 0), True), "node 4 is in data.val_mask and data.test_mask of split 0"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_what_is_wrong_is_named(change: Callable[[BaseData], None], message: str) -> None:
    data = graph()
    change(data)
    with pytest.raises(ValueError, match=message) as raised:
        check(data)
    assert "\n" not in str(raised.value)


GOOD: dict[str, Callable[[BaseData], None]] = {
    "as it is": spoil(),
    "no edges": spoil(edge_index=torch.zeros(2, 0).long()),
    "unlabelled node outside the masks": lambda data: (
        write("train_mask", (0, 0), False)(data),
        write("test_mask", (0, 1), False)(data),
        write("val_mask", (0, 1), False)(data),
        write("train_mask", (0, 1), False)(data),
        write("y", (0,), -1)(data),
    )[-1],
    "one split": lambda data: spoil(
        train_mask=data.train_mask[:, 0],
        val_mask=data.val_mask[:, 0],
        test_mask=data.test_mask[:, 0],
    )(data),
    "one test set for all splits": lambda data: spoil(
        train_mask=data.train_mask[:, [0, 0]],
        val_mask=data.val_mask[:, [0, 0]],
        test_mask=data.test_mask[:, 0],
    )(data),
    "no masks and no labels": spoil(train_mask=None, val_mask=None, test_mask=None, y=None),
    "narrow labels": spoil(y=torch.tensor([0, 1, 0, 1, 0, 1], dtype=torch.int32)),
    "unsigned labels": spoil(y=torch.tensor([0, 1, 0, 1, 0, 1], dtype=torch.uint8)),
    "numbers": spoil(y=torch.linspace(0, 1, NODES)),
    "several numbers, some unknown": spoil(y=torch.tensor([[0.5, torch.nan]]).repeat(NODES, 1)),
    "several labels as whole numbers": spoil(y=torch.ones(NODES, 3).long()),
    "no features": spoil(x=torch.zeros(NODES, 0)),
    "half-precision features": lambda data: spoil(x=data.x.bfloat16())(data),
    "edge weights": spoil(edge_weight=torch.ones(NODES), edge_attr=torch.ones(NODES, 2)),
    "EdgeIndex": lambda data: spoil(edge_index=EdgeIndex(data.edge_index))(data),
}


@pytest.mark.parametrize("change", GOOD.values(), ids=list(GOOD))
def test_what_is_right_passes(change: Callable[[BaseData], None]) -> None:
    data = graph()
    change(data)
    before = {name: value for name, value in data}
    gnnlab.check(data)
    assert all(value is before[name] for name, value in data)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.zeros(NODES), r"data.y holds torch.float32, .*convert them with .long\(\)"),
        (torch.rand(NODES), r"real numbers are predicted of nodes with NodePrediction\(\)"),
        (torch.rand(NODES, 2), r"not \(6, 2\): keep one column, .* or take NodePrediction\(\)"),
        (torch.eye(NODES)[:, :NODES], r"take data.y.argmax\(1\) of one column a class"),
    ],
)
def test_a_task_of_classes_takes_no_numbers(y: torch.Tensor, message: str) -> None:
    data = graph()
    data.y = y
    check(data)
    with pytest.raises(ValueError, match=message):
        check_node_classes(data)
