"""The virtual node against its formula, graph by graph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab import layers


def graphs() -> list[Data]:
    random = torch.Generator().manual_seed(0)
    return [
        Data(
            x=torch.randn(nodes, 3, generator=random, dtype=torch.float64),
            edge_index=torch.randint(nodes, (2, 2 * nodes), generator=random),
        )
        for nodes in (5, 1, 8)
    ]


def module() -> layers.VirtualNode:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        found = layers.VirtualNode(3).double()
        torch.nn.init.normal_(found.first)
        return found


def test_formula_for_every_graph_of_a_batch() -> None:
    node, batch = module(), Batch.from_data_list(graphs())
    h, v = node(batch.x, None, batch)
    torch.testing.assert_close(h, batch.x + node.first)
    after = torch.randn_like(h)  # whatever a layer makes of them
    new, w = node(after, (h, v), batch)
    for number, data in enumerate(graphs()):
        own = batch.batch == number
        before = data.x + node.first
        expected = node.first + node.update(node.first + before.sum(0))
        torch.testing.assert_close(w[number], expected)
        torch.testing.assert_close(new[own], after[own] + expected)


def test_one_graph_needs_no_batch() -> None:
    node, data = module(), graphs()[0]
    alone = node(data.x, node(data.x, None, data), data)
    batch = Batch.from_data_list([data])
    again = node(batch.x, node(batch.x, None, batch), batch)
    for got, expected in zip(alone, again, strict=True):
        assert torch.equal(got, expected)


class Doubled(torch.nn.Module):
    """Stands for a convolution."""

    def forward(self, h: Tensor, *_: object) -> Tensor:
        return 2 * h


def test_gine_sums_what_a_layer_reads_as_ogbs_models_do() -> None:
    """h_list[layer], to which v is added, is what their GNN_node_Virtualnode pools."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        encoder = layers.GINE(3, 3, 2, virtual_node=True, dropout=0.0, map_input=False).double()
        torch.nn.init.normal_(encoder.virtual[0].first)
    encoder.convs = torch.nn.ModuleList([Doubled(), Doubled()])
    data = graphs()[0]
    v, h = encoder.virtual[0].first, data.x
    h_list = [h + v]
    h_list.append(h_list[0] + torch.relu(2 * h_list[0]))
    v = v + encoder.virtual[1].update(h_list[0].sum(0) + v)
    h_list[1] = h_list[1] + v
    expected = h_list[1] + torch.relu(2 * h_list[1])
    torch.testing.assert_close(encoder(data), expected)


def test_gine_hears_nodes_that_no_path_reaches() -> None:
    def run(virtual: bool, x: Tensor) -> Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(2)
            encoder = layers.GINE(3, 4, 2, virtual_node=virtual, dropout=0.0).double().eval()
        out: Tensor = encoder(Data(x=x, edge_index=torch.tensor([[0], [1]])))
        return out

    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    other = x.clone()
    other[3] += 1
    assert torch.equal(run(False, x)[:3], run(False, other)[:3])
    assert (~torch.isclose(run(True, x)[:3], run(True, other)[:3])).any(1).all()


def test_gine_with_a_virtual_node_keeps_graphs_apart_and_draws_anew() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        encoder = layers.GINE(3, 4, 2, virtual_node=True, dropout=0.0).double().eval()
        before = {name: value.clone() for name, value in encoder.state_dict().items()}
        batch = Batch.from_data_list(graphs())
        apart = torch.cat([encoder(data) for data in graphs()])
        torch.testing.assert_close(encoder(batch), apart)
        torch.nn.init.normal_(encoder.virtual[0].first)
        encoder.reset_parameters()
    drawn = dict(encoder.named_parameters())
    assert not drawn["virtual.0.first"].any()
    name = "virtual.1.update.0.weight"
    assert not torch.equal(drawn[name], before[name])
