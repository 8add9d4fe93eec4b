"""Readouts that learn or keep several rows: PyG's, and blind to the order of nodes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.nn import aggr

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.tasks.graph.learned_readout import AttentionReadout, Set2Set, SortReadout
from gnnlab.tasks.graph.readout import make_readout
from gnnlab.tasks.shared.model import Model

SIZES = (5, 1, 40, 3)


def batch(
    width: int = 6, seed: int = 0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Batch]:
    random = torch.Generator().manual_seed(seed)
    empty = torch.empty(2, 0, dtype=torch.int64)
    graphs = [Data(x=torch.ones(n, 1), edge_index=empty) for n in SIZES]
    h = torch.randn(sum(SIZES), width, generator=random, dtype=dtype)
    return h, Batch.from_data_list(graphs)


def grad(out: Tensor, h: Tensor) -> Tensor:
    weights = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).reshape(out.shape)
    return torch.autograd.grad((out * weights).sum(), h)[0]


def test_attention_is_pygs() -> None:
    h, data = batch()
    h.requires_grad_()
    own = AttentionReadout(6).double()
    theirs = aggr.AttentionalAggregation(own.score)
    expected = theirs(h, data.batch)
    torch.testing.assert_close(own(h, data), expected)
    torch.testing.assert_close(grad(own(h, data), h), grad(expected, h))


def test_set2set_is_pygs() -> None:
    h, data = batch()
    h.requires_grad_()
    own, theirs = Set2Set(6, 4).double(), aggr.Set2Set(6, 4).double()
    names = {"weight_ih": "weight_ih_l0", "weight_hh": "weight_hh_l0"}
    names |= {"bias_ih": "bias_ih_l0", "bias_hh": "bias_hh_l0"}
    state = theirs.lstm.state_dict()
    own.cell.load_state_dict({name: state[other] for name, other in names.items()})
    expected = theirs(h, data.batch)
    torch.testing.assert_close(own(h, data), expected)
    torch.testing.assert_close(grad(own(h, data), h), grad(expected, h))


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_sort_is_pygs_where_nothing_ties(rows: int) -> None:
    h, data = batch()
    h.requires_grad_()
    own, theirs = SortReadout(6, rows), aggr.SortAggregation(rows)
    expected = theirs(h, data.batch)
    torch.testing.assert_close(own(h, data), expected)
    torch.testing.assert_close(grad(own(h, data), h), grad(expected, h))


@pytest.mark.parametrize("name", ["attention", "set2set", "sort"])
def test_the_order_of_nodes_does_not_matter_even_where_they_tie(name: Any) -> None:
    h, data = batch()
    h = h.round()  # many rows tie in the last channel
    readout = make_readout(name, 6, torch.float64)
    order = torch.cat(
        [torch.randperm(n) + s for n, s in zip(SIZES, data.ptr.tolist(), strict=False)]
    )
    torch.testing.assert_close(readout(h[order], data), readout(h, data))


@pytest.mark.parametrize("name", ["attention", "set2set", "sort"])
def test_graphs_of_a_batch_do_not_see_each_other(name: Any) -> None:
    h, data = batch()
    readout = make_readout(name, 6, torch.float64)
    whole = readout(h, data)
    assert whole.shape == (4, readout.width(6))
    for number, (a, b) in enumerate(zip(data.ptr[:-1], data.ptr[1:], strict=True)):
        alone = Batch.from_data_list([data[number]])
        torch.testing.assert_close(readout(h[a:b], alone)[0], whole[number])


def test_scores_far_apart_do_not_overflow() -> None:
    h, data = batch(dtype=torch.float32)
    readout = AttentionReadout(6)
    torch.nn.init.constant_(readout.score.weight, 1e4)
    assert bool(readout(h, data).isfinite().all())


def rings(count: int = 30) -> Graphs:
    graphs = []
    for number in range(count):
        one = torch.arange(3 + number % 5)
        edge_index = torch.stack([torch.cat([one, one.roll(1)]), torch.cat([one.roll(1), one])])
        x = torch.randn(len(one), 2, generator=torch.Generator().manual_seed(number))
        graphs.append(Data(x=x, edge_index=edge_index, y=torch.tensor([number % 2])))
    y = torch.arange(count) % 2
    return Graphs(tuple(graphs), stratified(y, 1, (0.6, 0.2)), 2, "rings")


@pytest.mark.parametrize("name", ["attention", "set2set", "sort"])
def test_a_task_puts_a_head_of_the_right_width_on_it(name: Any) -> None:
    task = tasks.GraphPrediction(readout=name, batch_size=8)
    model = task.setup(rings(), 0).model(layers.GIN(2, 8, 2))
    assert isinstance(model, Model) and model.head is not None
    assert model.head.in_features == {"attention": 8, "set2set": 16, "sort": 240}[name]
    result = tasks.fit(task, layers.GIN(2, 8, 2), rings(), tasks.Training(epochs=3))
    again = tasks.fit(task, layers.GIN(2, 8, 2), rings(), tasks.Training(epochs=3))
    assert result.curve.loss == again.curve.loss and 0 <= result.test <= 1
    with pytest.raises(ValueError, match=f"predicts by itself, and readout '{name}' pools states"):
        task.setup(rings(), 0).model(layers.GIN(2, 8, 2, out_channels=1))


@pytest.mark.parametrize("make", [AttentionReadout, Set2Set, SortReadout])
def test_widths_out_of_range_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="channels is 0"):
        make(0)
