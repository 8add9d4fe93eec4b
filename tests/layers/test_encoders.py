"""The encoders written out step by step, and how they are named and refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from strategies import prepared, sized
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.layers.parts import dropout as dropouts
from gnnlab.ops import Adjacency


def ring(nodes: int = 6) -> Data:
    one = torch.arange(nodes)
    edge_index = torch.cat(
        [torch.stack([one, (one + 1) % nodes]), torch.stack([(one + 1) % nodes, one])], 1
    )
    generator = torch.Generator().manual_seed(0)
    return Data(x=torch.randn(nodes, 3, generator=generator).double(), edge_index=edge_index)


def matrix(data: Data, loops: bool) -> Tensor:
    a = torch.zeros(data.num_nodes, data.num_nodes).double()
    a[data.edge_index[1], data.edge_index[0]] = 1
    return a + torch.eye(data.num_nodes).double() if loops else a


def feed_forward(module: nn.Module, h: Tensor) -> Tensor:
    return module.contract(F.gelu(module.expand(h)))


def residual(encoder: nn.Module, x: Tensor, update: object) -> Tensor:
    h = F.gelu(encoder.input(x))
    for norm, block in zip(encoder.norms, encoder.blocks, strict=True):
        h = h + update(block, norm(h))
    return encoder.last_norm(h)


def test_gcn_block_by_block() -> None:
    data, encoder = ring(), layers.GCN(3, 8, 3).double().eval()
    a = matrix(data, loops=True) / 3  # every node has two neighbours and itself
    expected = residual(encoder.stack, data.x, lambda b, n: feed_forward(b.feed_forward, a @ n))
    torch.testing.assert_close(encoder(data), expected)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("map_input", [True, False])
def test_gcn_residual_layer_by_layer(activation: str, map_input: bool) -> None:
    data, settings = ring(), {"activation": activation, "map_input": map_input}
    width = 8 if map_input else 3
    encoder = layers.GCN(3, width, 3, block="residual", out_channels=2, **settings).double().eval()
    a, act = matrix(data, loops=True) / 3, getattr(F, activation)
    h = encoder.stack.input(data.x) if map_input else data.x
    for conv in encoder.stack.convs:
        h = h + act(a @ h @ conv.linear.weight.T + conv.bias)
    torch.testing.assert_close(encoder(data), encoder.stack.output(h))
    assert map_input or sum(p.numel() for p in encoder.parameters()) == 3 * (9 + 3) + 8


def test_gcn_residual_with_batch_norm() -> None:
    data = ring()
    encoder = layers.GCN(3, 8, 2, block="residual", batch_norm=True, dropout=0.0).double()
    a, h = matrix(data, loops=True) / 3, encoder.stack.input(data.x)
    for conv in encoder.stack.convs:
        new = a @ h @ conv.linear.weight.T + conv.bias
        spread = (new.var(0, unbiased=False) + 1e-5).sqrt()
        h = h + F.relu((new - new.mean(0)) / spread)
    torch.testing.assert_close(encoder.train()(data), h)


MAPPED: dict[str, dict[str, object]] = {
    "DRew": {"max_hop": 1}, "GCN": {"block": "residual"}, "GINE": {}, "GatedGCN": {},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MAPPED))
def test_states_that_are_not_mapped_are_the_features(name: str) -> None:
    data = ring()
    make = partial(getattr(layers, name), map_input=False, **MAPPED[name])
    encoder, mapped = make(3, 3, 2).double().eval(), make(3, 3, 2, map_input=True)
    count = [sum(p.numel() for p in e.parameters()) for e in (encoder, mapped)]
    assert count[1] - count[0] == 3 * 3 + 3
    expected = encoder(data)
    data.x = data.x.to_sparse()
    torch.testing.assert_close(encoder(data), expected)
    with pytest.raises(ValueError, match="map_input is False and in_channels 4, but states are 3"):
        make(4, 3, 2)


def test_gcn_refuses_settings_of_another_block() -> None:
    told = "block is 'plain', but activation, map_input and batch_norm are settings of 'residual'"
    for setting in ({"activation": "gelu"}, {"map_input": False}, {"batch_norm": True}):
        with pytest.raises(ValueError, match=told):
            layers.GCN(3, 3, 2, block="plain", **setting)
    with pytest.raises(ValueError, match="activation is 'tanh', which is none of relu, gelu"):
        layers.GCN(3, 3, 2, block="residual", activation="tanh")


def test_sage_block_by_block() -> None:
    data, encoder = ring(), layers.SAGE(3, 8, 3).double().eval()
    a = matrix(data, loops=False) / 2
    expected = residual(
        encoder, data.x, lambda b, n: feed_forward(b.feed_forward, torch.cat([n, a @ n], 1))
    )
    torch.testing.assert_close(encoder(data), expected)


@pytest.mark.parametrize("separate", [True, False])
def test_gat_block_by_block(separate: bool) -> None:
    data, cls = ring(), layers.GATSep if separate else layers.GAT
    encoder = cls(3, 8, 2, heads=2).double().eval()
    mask = matrix(data, loops=not separate)

    def update(block: nn.Module, n: Tensor) -> Tensor:
        h = block.linear(n)
        score = block.source_score(h)[None] + block.target_score(h)[:, None]  # (target, source, K)
        exp = mask[..., None] * F.leaky_relu(score, 0.2).exp()
        alpha = exp / exp.sum(1, keepdim=True)
        heads = [alpha[..., k] @ part for k, part in enumerate(h.split(4, dim=1))]
        message = torch.cat(heads, 1)
        return feed_forward(block.feed_forward, torch.cat([h, message], 1) if separate else message)

    torch.testing.assert_close(encoder(data), residual(encoder, data.x, update))


@pytest.mark.parametrize("separate", [True, False])
def test_gt_block_by_block(separate: bool) -> None:
    data, cls = ring(), layers.GTSep if separate else layers.GT
    encoder = cls(3, 8, 2, heads=2).double().eval()
    mask = matrix(data, loops=not separate)

    def update(block: nn.Module, n: Tensor) -> Tensor:
        if not hasattr(block, "conv"):
            return feed_forward(block.feed_forward, n)
        conv = block.conv
        q, k, v = (part(n).reshape(-1, 2, 4) for part in (conv.query, conv.key, conv.value))
        exp = mask[..., None] * (torch.einsum("ikf,jkf->ijk", q, k) / 2).exp()
        alpha = exp / exp.sum(1, keepdim=True)
        message = torch.einsum("ijk,jkf->ikf", alpha, v).flatten(1)
        return conv.output(torch.cat([n, message], 1) if separate else message)

    assert len(encoder.blocks) == 4
    torch.testing.assert_close(encoder(data), residual(encoder, data.x, update))


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_edge_weights_reach_every_block_that_reads_edges(name: str) -> None:
    torch.manual_seed(0)  # weights that leave no ReLU shut on every node
    data = ring()
    encoder = layers.find(name)(3, 8, 2, **sized(name, 6)).double().eval()
    data = prepared(encoder, data)
    plain = encoder(data)
    data.edge_weight = torch.linspace(0.1, 2, data.num_edges).double()
    blind = name.startswith(("ResNet", "SubgraphGNN"))  # as their docstrings say
    assert torch.equal(encoder(data), plain) == blind


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ResNet", 5), ("ResNetSGC", 5), ("ResNetAdj", 5), ("GCN", 5), ("SAGE", 5), ("GAT", 5)]
    + [("GATSep", 5), ("GT", 7), ("GTSep", 7)],
)
def test_dropout_acts_where_the_paper_has_it(
    name: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the input, twice in each of two feed-forwards, and after attention in GT."""
    widths = []
    dropout = dropouts.dropout

    def record(x: Tensor, *arguments: object) -> Tensor:
        widths.append(x.shape[1])
        return dropout(x, *arguments)

    monkeypatch.setattr(dropouts, "dropout", record)
    encoder = layers.find(name)(3, 8, 2, dropout=0.5, **sized(name, 6)).double().train()
    encoder(ring())
    assert widths == [8] * expected


def test_released_constants() -> None:
    encoder = layers.ResNetSGC(3, 8, 2)
    assert (encoder.hops, encoder.in_channels, encoder.input.in_features) == (5, 3, 6)
    encoder = layers.ResNetAdj(3, 64, 2, num_nodes=97)
    largest = max(float(p.detach().abs().max()) for p in (encoder.rows, encoder.input.weight))
    assert 0.095 < largest <= 0.1  # 1 / sqrt(F + N), as of one Linear


def test_self_loops_do_not_count_in_the_rows_and_the_smoothing() -> None:
    data, looped = ring(), ring()
    looped.edge_index = torch.cat([data.edge_index, torch.arange(6).repeat(2, 2)], 1)
    for encoder in (layers.ResNetSGC(3, 8, 2), layers.ResNetAdj(3, 8, 2, num_nodes=6)):
        encoder.double().eval()
        torch.testing.assert_close(encoder(looped), encoder(data))


def test_resnet_does_not_look_at_the_graph() -> None:
    data, encoder = ring(), layers.ResNet(3, 8, 2).double().eval()
    alone = Data(x=data.x, edge_index=torch.empty(2, 0, dtype=torch.int64))
    assert torch.equal(encoder(data), encoder(alone))


def test_resnet_sgc_sees_smoothed_features() -> None:
    data, encoder = ring(), layers.ResNetSGC(3, 8, 2, hops=4).double().eval()
    smooth = torch.linalg.matrix_power(matrix(data, loops=True) / 3, 4) @ data.x
    expected = encoder.input(torch.cat([data.x, smooth], 1))
    got = encoder.embed(data.x, Adjacency.of(data.edge_index, 6))
    torch.testing.assert_close(got, expected)


def test_resnet_adj_is_one_linear_over_features_and_rows() -> None:
    data, encoder = ring(), layers.ResNetAdj(3, 8, 2, num_nodes=6).double().eval()
    weight = torch.cat([encoder.input.weight, encoder.rows.T], 1)
    expected = torch.cat([data.x, matrix(data, loops=False)], 1) @ weight.T + encoder.input.bias
    got = encoder.embed(data.x, Adjacency.of(data.edge_index, 6))
    torch.testing.assert_close(got, expected)


def test_plain_gcn_is_kipf_and_welling() -> None:
    data = ring()
    encoder = layers.GCN(3, 8, 2, block="plain", out_channels=4).double().eval()
    a = matrix(data, loops=True) / 3
    first, second = encoder.stack.convs
    h = F.relu(a @ data.x @ first.linear.weight.T + first.bias)
    torch.testing.assert_close(encoder(data), a @ h @ second.linear.weight.T + second.bias)


def test_tuned_gcn_has_a_learned_skip() -> None:
    data, encoder = ring(), layers.GCN(3, 8, 2, block="tuned").double().eval()
    a, stack = matrix(data, loops=True) / 3, encoder.stack
    h = stack.input(data.x)
    for conv, skip, norm in zip(stack.convs, stack.skips, stack.norms, strict=True):
        h = F.relu(norm(a @ h @ conv.linear.weight.T + conv.bias + skip(h)))
    torch.testing.assert_close(encoder(data), h)


def test_pure_gcn_sums_its_steps() -> None:
    data, encoder = ring(), layers.GCN(3, 8, 3, block="pure").double().eval()
    a, h = matrix(data, loops=True) / 3, encoder.stack.input(data.x)
    expected = sum(torch.linalg.matrix_power(a, k) @ h / 3 for k in (1, 2, 3))
    torch.testing.assert_close(encoder(data), expected)


@pytest.mark.parametrize("name", sorted(layers.encoders()))
def test_runs_under_bf16_autocast(name: str) -> None:
    extra = sized(name, 6)
    encoder, data = layers.find(name)(3, 16, 2, **extra), ring()
    data.x = data.x.float()
    data = prepared(encoder, data)
    with torch.autocast("cpu", torch.bfloat16):
        h = encoder.eval()(data)
    torch.testing.assert_close(h.float(), encoder(data), atol=0.15, rtol=0.1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("gat-sep", "GATSep"), ("ResNet+SGC", "ResNetSGC"), ("gt_sep", "GTSep"), ("GCN", "GCN")],
)
def test_finds_names_as_people_write_them(written: str, meant: str) -> None:
    assert layers.find(written) is getattr(layers, meant)


def test_offers_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="unknown model 'gatsepp'; did you mean GATSep"):
        layers.find("gatsepp")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: layers.GAT(3, 8, heads=0), "heads is 0, but it must be a whole number"),
        (lambda: layers.GTSep(3, 8, heads=-1), "heads is -1"),
        (lambda: layers.GATConv(3, 4, heads=0), "heads is 0"),
        (lambda: layers.GTConv(3, 0), "out_channels is 0"),
        (lambda: layers.GCNConv(0, 4), "in_channels is 0"),
        (lambda: layers.SAGEConv(3, -1), "out_channels is -1"),
        (lambda: layers.SAGE(3, 8, out_channels=-1), "out_channels is -1"),
        (lambda: layers.ResNetSGC(3, 8, hops=2.5), "hops is 2.5"),
        (lambda: layers.ResNetAdj(3, 8, num_nodes=-1), "num_nodes is -1"),
    ],
)
def test_refuses_other_counts(make: Callable[[], nn.Module], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("weight", [torch.ones(1), torch.ones(12, 1), torch.ones(12).long()])
@pytest.mark.parametrize(
    "conv", [layers.GCNConv(3, 4), layers.SAGEConv(3, 4), layers.GATConv(3, 4)]
    + [layers.GATConv(3, 4, add_self_loops=False), layers.GTConv(3, 4)]
    + [layers.GTConv(3, 4, add_self_loops=False)],
)  # fmt: skip
def test_refuses_edge_weights_that_do_not_fit(conv: nn.Module, weight: Tensor) -> None:
    data = ring()
    with pytest.raises(ValueError, match="weight"):
        conv(data.x.float(), data.edge_index, weight)


@pytest.mark.parametrize("cls", [layers.GAT, layers.GATSep, layers.GT])
def test_refuses_heads_that_do_not_divide_the_width(cls: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match="is 10, which 8 heads do not divide"):
        cls(3, 10)


def test_resnet_adj_refuses_another_graph() -> None:
    with pytest.raises(ValueError, match="built for 5 nodes, but the graph has 6"):
        layers.ResNetAdj(3, 8, num_nodes=5).double()(ring())


def test_refuses_an_unknown_block() -> None:
    with pytest.raises(ValueError, match="block is 'fancy', which is none of platonov, plain"):
        layers.GCN(3, 8, block="fancy")


@pytest.mark.parametrize("name", sorted(layers.encoders()))
@pytest.mark.parametrize(
    "wrong", [{"in_channels": 0}, {"hidden_channels": 0}, {"num_layers": 0}, {"num_layers": 2.5}]
)
def test_refuses_sizes_below_one(name: str, wrong: dict[str, float]) -> None:
    sizes = {"in_channels": 3, "hidden_channels": 8, "num_layers": 2} | wrong
    extra = sized(name, 6)
    ((argument, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{argument} is {value}, but it must be a whole number"):
        layers.find(name)(**sizes, **extra)


def test_dropout_acts_in_training_alone() -> None:
    encoder, data = layers.SAGE(3, 64, 2, dropout=0.5).double(), ring()
    assert not torch.equal(encoder.train()(data), encoder(data))
    assert torch.equal(encoder.eval()(data), encoder(data))
    with pytest.raises(ValueError, match="dropout is 1.5, but a probability"):
        layers.Dropout(1.5)
