"""PathNN against paths that are read one by one, and against torch's own LSTM."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
import torch
from pathnn_oracle import (
    bare,
    every_kind,
    graph,
    one_by_one,
    spread,
)
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch_geometric.data import Batch, Data

from gnnlab import layers, tasks
from gnnlab.layers.paths.lstm import PathLSTM
from gnnlab.layers.paths.prefix_sharing import reading_of
from gnnlab.layers.paths.reading import EdgeTable, with_edges
from gnnlab.ops import Adjacency, gather
from gnnlab.structure.transforms import AddPaths

CASES = {
    "PathNN": lambda _: layers.PathNN(3, 4, 2, length=2),
    "PathNN all": lambda _: layers.PathNN(3, 4, length=3, kind="all", reduce="mean"),
    "PathNN all shortest": lambda _: layers.PathNN(
        3, 4, length=3, kind="all_shortest", input_mlp=False, update_mlp=True
    ),
}


@every_kind
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"num_layers": 2, "length": 2, "reduce": "mean", "residual": False},
        {"edge_dim": 2, "length": 3, "input_mlp": False, "update_mlp": True},
        {"length": 3, "norm": "length", "update_mlp": True, "input_mlp": False},
        {"length": 3, "norm": "none"},
    ],
    ids=["plain", "mean twice", "edges", "rows of length 1", "no norm"],
)
def test_equals_reading_path_by_path(kind: str, settings: dict[str, Any]) -> None:
    encoder: Any = spread(layers.PathNN(3, 5, kind=kind, **settings))
    for keys in ((), ("edge_attr",), ("edge_attr", "edge_weight")):
        if encoder.edge_dim is not None and "edge_attr" not in keys:
            continue
        data = encoder.transform(bare(graph(12, seed=3), *keys))
        assert data[f"path_{encoder.length}_index"].shape[1] > 0
        torch.testing.assert_close(encoder(data), one_by_one(encoder, data))


@pytest.mark.parametrize("edges", [0, 2])
@pytest.mark.parametrize("distances", [0, 4])
@pytest.mark.parametrize("nodes", [3, 9], ids=["few nodes", "many nodes"])
def test_the_cell_is_torchs_lstm(nodes: int, distances: int, edges: int) -> None:
    """On lists of nodes that share few or many beginnings, with repeats, in no order."""
    random = torch.Generator().manual_seed(0)
    lstm = PathLSTM(6, distances=distances, edge_dim=edges).double()
    whole = nn.LSTM(lstm.cell.input_size, 6).double()
    for name, values in lstm.cell.named_parameters():
        getattr(whole, f"{name}_l0").data.copy_(values)
    x = torch.randn(nodes, 6, generator=random).double().requires_grad_()
    read = torch.randint(nodes, (4, 40), generator=random)  # nodes in the order of reading
    far = torch.randint(max(distances, 1), (40, 4), generator=random).byte()
    table = torch.randn(nodes * nodes, edges, generator=random).double()
    reading = reading_of(read.flip(0), nodes, far.flip(1) if distances else None)
    if edges:
        every = torch.arange(nodes).repeat(nodes, 1)  # of any two nodes an edge
        reading = with_edges(
            reading, EdgeTable(torch.stack([every.T, every]).flatten(1), nodes), None
        )
    found = lstm(x, reading, lstm.of_edges(table) if edges else None)
    parts = [x[read]]
    if lstm.distances is not None:
        parts.append(lstm.distances(far.long().T))
    if edges:
        walked = table[read[1:] * nodes + read[:-1]]
        parts.append(torch.cat([torch.zeros(1, 40, edges).double(), walked]))
    expected = whole(torch.cat(parts, 2))[1][0][0]
    torch.testing.assert_close(found, expected)
    weight = torch.randn(40, 6, generator=random).double()
    for ours, theirs in zip(
        torch.autograd.grad((found * weight).sum(), [x, lstm.cell.weight_ih, lstm.cell.weight_hh]),
        torch.autograd.grad((expected * weight).sum(), [x, whole.weight_ih_l0, whole.weight_hh_l0]),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


@every_kind
def test_graphs_in_a_batch_are_as_by_themselves(kind: str) -> None:
    """Among them one without an edge, one without the longer paths, and one of a single node."""
    encoder: Any = spread(layers.PathNN(3, 5, length=3, kind=kind, edge_dim=2))
    single = graph(1)
    none = Data(x=torch.ones(2, 3).double(), edge_index=torch.empty(2, 0, dtype=torch.int64))
    none.edge_attr, none.edge_weight = torch.empty(0, 2).double(), torch.empty(0).double()
    pair = graph(2, edges=1.0)
    parts = [encoder.transform(part) for part in (graph(9, 1), none, graph(6, 2), pair, single)]
    alone = torch.cat([encoder(part) for part in parts])
    torch.testing.assert_close(encoder(Batch.from_data_list(parts)), alone)


@pytest.mark.parametrize("kind", ["all_shortest", "all"])
def test_a_batch_trains_as_one_graph_with_its_parts(kind: str) -> None:
    encoder: Any = layers.PathNN(3, 5, length=3, kind=kind).double().train()
    parts = [bare(graph(n, n)) for n in (7, 9, 5)]
    batch = Batch.from_data_list([encoder.transform(part) for part in parts])
    union = Data(x=batch.x, edge_index=batch.edge_index)
    torch.testing.assert_close(encoder(batch), encoder(encoder.transform(union)))


def test_order_and_repeats_of_edges_do_not_matter_for_what_they_carry() -> None:
    encoder: Any = spread(layers.PathNN(3, 5, length=3, kind="all", edge_dim=2))
    data = graph(10, seed=4)
    order = torch.randperm(data.num_edges, generator=torch.Generator().manual_seed(1))
    twice = torch.cat([order, order])
    mixed = Data(x=data.x, edge_index=data.edge_index[:, twice], edge_attr=data.edge_attr[twice])
    mixed.edge_weight = data.edge_weight[twice]
    ours, theirs = encoder(encoder.transform(data)), encoder(encoder.transform(mixed))
    torch.testing.assert_close(ours, theirs)


def test_weights_of_one_change_nothing_and_of_zero_cut_paths() -> None:
    encoder: Any = spread(layers.PathNN(3, 5, length=3, kind="all"))
    data = encoder.transform(bare(graph(10, seed=4)))
    plain = encoder(data)
    data.edge_weight = torch.ones(data.num_edges).double()
    torch.testing.assert_close(encoder(data), plain)
    data.edge_weight = torch.zeros(data.num_edges).double()
    alone = Data(x=data.x, edge_index=data.edge_index[:, :0])
    torch.testing.assert_close(encoder(data), encoder(encoder.transform(alone)))


@pytest.mark.parametrize("kind", ["all_shortest", "all"])
def test_gradients_reach_nodes_edges_and_weights(kind: str) -> None:
    encoder: Any = spread(layers.PathNN(3, 3, length=3, kind=kind, edge_dim=2))
    data = encoder.transform(graph(7, seed=2, edges=0.4))

    def outputs(x: Tensor, edge_attr: Tensor, edge_weight: Tensor, *_: Tensor) -> Tensor:
        given = copy(data)
        given.x, given.edge_attr, given.edge_weight = x, edge_attr, edge_weight
        out: Tensor = encoder(given)
        return out

    inputs = [data.x, data.edge_attr, data.edge_weight]
    inputs = [*(part.clone().requires_grad_() for part in inputs), *encoder.parameters()]
    assert torch.autograd.gradcheck(outputs, inputs)


def test_paths_reach_as_far_as_they_are_long() -> None:
    ends = torch.stack([torch.arange(9), torch.arange(1, 10)])
    both = torch.cat([ends, ends.flip(0)], 1)
    for length in (1, 2, 3):
        encoder: Any = layers.PathNN(3, 8, length=length).double().eval()
        data = encoder.transform(Data(x=torch.rand(10, 3).double() + 1, edge_index=both))
        data.x.requires_grad_()
        (grad,) = torch.autograd.grad(encoder(data)[0].sum(), data.x)
        assert int(grad.abs().sum(1).nonzero().max()) == sum(range(1, length + 1))


def test_one_lstm_and_a_norm_for_each_layer() -> None:
    encoder: Any = layers.PathNN(3, 8, 2, length=3, kind="all", edge_dim=2)
    assert sum(isinstance(m, nn.LSTMCell) for m in encoder.modules()) == 1
    assert len(encoder.layers) == 6 == len({id(layer.norm) for layer in encoder.layers})
    assert encoder.lstm.cell.weight_ih.shape == (32, 8 + 8 + 2)
    assert encoder.lstm.distances.weight.shape == (4, 8)
    assert layers.PathNN(3, 8).order_dependent and encoder.order_dependent is None


@pytest.mark.parametrize("norm", ["length", "none"])
def test_without_batch_normalisation_training_reads_no_other_node(norm: Any) -> None:
    encoder = layers.PathNN(3, 5, length=2, norm=norm, update_mlp=True).double()
    assert not any(isinstance(module, nn.BatchNorm1d) for module in encoder.modules())
    data = encoder.transform(bare(graph(12, seed=3)))
    torch.testing.assert_close(encoder.train()(data), encoder.eval()(data))


def test_paths_are_turned_and_sorted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder: Any = layers.PathNN(3, 8, 2, length=2).double()
    data, made = encoder.transform(bare(graph(12))), []
    build = Adjacency.__init__

    def counted(self: Adjacency, *arguments: Any) -> None:
        made.append(self)
        build(self, *arguments)

    monkeypatch.setattr(Adjacency, "__init__", counted)
    encoder(data)
    # The graph itself, whose stamp is compared; one of nodes and one of states, in every step but
    # the first.
    assert len(made) == 1 + 2 + 4
    encoder(data)
    assert len(made) == 7


def test_dropout_acts_in_training_alone() -> None:
    encoder: Any = layers.PathNN(3, 16, dropout=0.5, length=2).double()
    data = encoder.transform(bare(graph(12)))
    assert not torch.equal(encoder.train()(data), encoder(data))
    assert torch.equal(encoder.eval()(data), encoder(data))


def test_categories_of_nodes_and_edges_come_before_it() -> None:
    """As molecules are read: codes in x and edge_attr, embedded, the bonds along each path."""
    data = bare(graph(9, seed=2))
    data.x = torch.arange(9.0).reshape(-1, 1) % 4
    data.edge_attr = torch.arange(data.num_edges).reshape(-1, 1) % 3
    steps = [layers.NodeCategories((4,), 8), layers.EdgeCategories((3,), 8)]
    encoder = layers.WithInputs(
        1, steps, lambda width: layers.PathNN(width, 8, length=3, kind="all", edge_dim=8)
    ).eval()
    data = encoder.transform(data)
    out = encoder(data)
    assert out.shape == (9, 8) and "path_3_distance" in data
    out.sum().backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in steps[1].parameters())


def test_compiles_whole_with_edges_and_weights() -> None:
    encoder = layers.PathNN(3, 8, length=3, kind="all", edge_dim=2).double().eval()
    data = encoder.transform(graph(12))
    expected = encoder(data)
    torch._dynamo.reset()
    found = torch.compile(encoder, backend="aot_eager", fullgraph=True)(data)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("kind", ["shortest", "all"])
def test_is_not_compiled_again_for_every_batch(kind: Any) -> None:
    encoder = layers.PathNN(3, 8, length=2, kind=kind).double().eval()
    torch._dynamo.reset()
    counter = CompileCounter()
    compiled = torch.compile(encoder, backend=counter, fullgraph=True)
    for nodes in (9, 11, 14, 17, 20):
        data = encoder.transform(bare(graph(nodes, seed=nodes)))
        torch.testing.assert_close(compiled(data), encoder(data))
    assert counter.frame_count <= 2  # once with the first sizes, once for all


def test_edges_that_went_away_are_noticed() -> None:
    encoder = layers.PathNN(3, 5, length=2, edge_dim=2).double()
    data = encoder.transform(bare(graph(9, seed=2), "edge_attr"))
    data.edge_index, data.edge_attr = data.edge_index[:, :0], data.edge_attr[:0]
    with pytest.raises(ValueError, match=r"path_1_index was found before the edges.*were changed"):
        encoder(data)
    del data[AddPaths.stamp]  # paths of the user's own are compared with the edges themselves
    with pytest.raises(ValueError, match="goes along an edge that data.edge_index lacks"):
        encoder(data)


def test_fit_finds_the_paths() -> None:
    data = bare(graph(30, edges=0.1))
    data.x, data.y = data.x.float(), torch.arange(30) % 2
    part = torch.arange(30).unsqueeze(1) % 3
    data.train_mask, data.val_mask, data.test_mask = part == 0, part == 1, part == 2
    encoder = layers.PathNN(3, 8, length=2)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=2))
    assert len(result.curve) == 2 and "path_1_index" not in data


def test_a_table_of_edges_holds_means_of_repeats() -> None:
    edges = torch.tensor([[0, 1, 0, 2], [1, 0, 1, 0]])
    table = EdgeTable(edges, 3)
    rows = table.find(Adjacency(torch.tensor([[2, 0], [0, 1]]), 3))
    means = table.mean(torch.tensor([[1.0], [5.0], [3.0], [7.0]]))
    assert gather(means, rows, "target").tolist() == [[7.0], [2.0]]


def test_asks_for_transform_and_fitting_paths() -> None:
    data = graph(9, seed=2)
    encoder: Any = layers.PathNN(3, 4, length=2, kind="all", edge_dim=2).double()
    with pytest.raises(ValueError, match="data.path_1_index and .* are missing: call encoder."):
        encoder(data)
    with pytest.raises(
        ValueError, match="data.path_1_distance and data.path_2_distance are missing"
    ):
        encoder(AddPaths(2)(data))
    with pytest.raises(ValueError, match="data.path_3_index and data.path_3_distance are missing"):
        layers.PathNN(3, 4, length=3, kind="all").double()(AddPaths(2, "all")(data))
    ready = encoder.transform(data)
    stale = copy(ready)
    stale.edge_index, stale.edge_attr = data.edge_index[:, 4:], data.edge_attr[4:]
    del stale.edge_weight
    with pytest.raises(
        ValueError, match="data.path_1_index was found before the edges or nodes were changed"
    ):
        encoder(stale)
    with pytest.raises(
        ValueError, match="path_of tells of settings 'shortest 2', .* 'all_shortest"
    ):
        layers.PathNN(3, 4, length=2, kind="all_shortest").double()(AddPaths(2)(data))
    del stale.path_of
    with pytest.raises(ValueError, match="an edge that data.edge_index lacks"):
        encoder(stale)
    with pytest.raises(ValueError, match="built with edge_dim=2, but the graph has no edge_attr"):
        encoder(encoder.transform(bare(data)))
    ready.edge_weight = ready.edge_weight[1:]
    with pytest.raises(ValueError, match=r"edge_weight is torch.float64 of shape"):
        encoder(ready)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"length": 0}, "length is 0, but it must be a whole number of at least 1"),
        ({"kind": "longest"}, "kind is 'longest', which is none of shortest, all_shortest, all"),
        ({"reduce": "max"}, "reduce is 'max', which is none of sum, mean"),
        ({"norm": "layer"}, "norm is 'layer', which is none of batch, length, none"),
        ({"edge_dim": 0}, "edge_dim is 0"),
        ({"dropout": 2.0}, "dropout is 2.0"),
    ],
)
def test_refuses_settings_that_do_not_fit(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        layers.PathNN(3, 4, **settings)


@every_kind
def test_many_graphs_get_the_paths_that_each_gets_alone(kind: Any) -> None:
    encoder = layers.PathNN(3, 8, length=3, kind=kind)
    graphs = [graph(nodes, seed) for seed, nodes in enumerate((7, 1, 12, 3))]
    keys = [set(data.keys()) for data in graphs]
    together = encoder.transform_many(graphs)
    for data, own in zip(graphs, together, strict=True):
        alone = encoder.transform(data)
        assert set(own.keys()) == set(alone.keys()) > set(data.keys())
        assert all(torch.equal(own[k], alone[k]) for k in alone.keys() if torch.is_tensor(own[k]))
    assert [set(data.keys()) for data in graphs] == keys
