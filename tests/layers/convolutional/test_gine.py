"""GINE against its formula written edge by edge, and against PyG's layer."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric.data import Batch, Data

from gnnlab import layers
from gnnlab.layers.parts import dropout as dropouts
from gnnlab.layers.parts.categories import Categories
from gnnlab.layers.parts.edge_attr import EdgeDim
from gnnlab.ops import combinations, use

CASES = {
    "GINEConv": lambda _: layers.GINEConv(3, 4, eps=0.3),
    "GINEConv narrower": lambda _: layers.GINEConv(3, 2, train_eps=True),
    "GINE": lambda _: layers.GINE(3, 4, 2),
    "GINE without residuals": lambda _: layers.GINE(3, 4, 2, residual=False),
}

SIZES = (3, 2)
FORMS: dict[str, EdgeDim | None] = {"none": None, "numbers": 2, "categories": SIZES}
GRAPHS = [(2, 0), (6, 12), (30, 200)]
each_graph = pytest.mark.parametrize(("nodes", "edges"), GRAPHS)
each_form = pytest.mark.parametrize("form", sorted(FORMS))


def graph(nodes: int, edges: int, form: str = "none") -> Data:
    """Loops and repeats among the edges; numbers or codes on them."""
    random = torch.Generator().manual_seed(nodes)
    data = Data(
        x=torch.randn(nodes, 4, generator=random, dtype=torch.float64),
        edge_index=torch.randint(nodes, (2, edges), generator=random),
    )
    data.edge_weight = torch.rand(edges, generator=random, dtype=torch.float64)
    numbers = torch.randn(edges, 2, generator=random, dtype=torch.float64)
    codes = torch.stack([torch.randint(size, (edges,), generator=random) for size in SIZES], 1)
    if form != "none":
        data.edge_attr = numbers if form == "numbers" else codes
    return data


def conv_of(form: str, width: int = 3, **settings: Any) -> layers.GINEConv:
    """In float64 and eval mode, with statistics other than 0 and 1."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        conv = layers.GINEConv(4, width, edge_dim=FORMS[form], **settings).double().eval()
        norm = conv.update.norm
        for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            nn.init.uniform_(values, 0.5, 1.5)
    return conv


def one_hot(codes: Tensor) -> Tensor:
    return torch.cat([F.one_hot(codes[:, k], size) for k, size in enumerate(SIZES)], 1).double()


def weights_of(categories: Any) -> Tensor:
    return torch.cat([embedding.weight for embedding in categories.embeddings])


def shifts(conv: layers.GINEConv, data: Data) -> Tensor:
    """W e + b for every edge, categories as the product with their one-hot columns."""
    edges = conv.neighbours.edges
    if edges is None:
        return torch.zeros(data.num_edges, 4, dtype=torch.float64)
    if isinstance(edges, Categories):
        return one_hot(data.edge_attr) @ weights_of(edges)
    return data.edge_attr @ edges.weight.T + edges.bias


def written_out(conv: layers.GINEConv, data: Data, weight: Tensor | None) -> Tensor:
    total = (1 + float(conv.eps)) * data.x
    shift = shifts(conv, data)
    for e, (j, i) in enumerate(data.edge_index.T.tolist()):
        message = (data.x[j] + shift[e]).clamp(min=0)
        total = total.index_add(
            0, torch.tensor([i]), (message if weight is None else weight[e] * message)[None]
        )
    norm, z = conv.update.norm, total @ conv.linear.weight.T + conv.linear.bias
    z = (z - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
    return z.clamp(min=0) @ conv.update.linear.weight.T + conv.update.linear.bias


@each_graph
@each_form
def test_formula(form: str, nodes: int, edges: int) -> None:
    data, conv = graph(nodes, edges, form), conv_of(form, eps=0.4)
    for weight in (None, data.edge_weight):
        got = conv(data.x, data.edge_index, weight, data.edge_attr)
        torch.testing.assert_close(got, written_out(conv, data, weight))


@each_graph
def test_equals_pyg_on_numbers(nodes: int, edges: int) -> None:
    data, conv = graph(nodes, edges, "numbers"), conv_of("numbers", eps=0.4, train_eps=True)
    theirs = pyg.GINEConv(nn.Sequential(conv.linear, conv.update), eps=0.4, edge_dim=2).double()
    theirs.lin.load_state_dict(conv.neighbours.edges.state_dict())
    torch.testing.assert_close(
        conv(data.x, data.edge_index, edge_attr=data.edge_attr),
        theirs(data.x, data.edge_index, data.edge_attr),
    )


@each_graph
def test_equals_pyg_on_categories(nodes: int, edges: int) -> None:
    data, conv = graph(nodes, edges, "categories"), conv_of("categories", eps=0.4)
    update = nn.Sequential(conv.linear, conv.update)
    theirs = pyg.GINEConv(update, eps=0.4, edge_dim=sum(SIZES)).double()
    theirs.lin.weight.data = weights_of(conv.neighbours.edges).T.detach()
    nn.init.zeros_(theirs.lin.bias)
    torch.testing.assert_close(
        conv(data.x, data.edge_index, edge_attr=data.edge_attr),
        theirs(data.x, data.edge_index, one_hot(data.edge_attr)),
    )


def test_without_edge_attributes_messages_are_rectified_all_the_same() -> None:
    data, conv = graph(30, 200, "numbers"), conv_of("none")
    plain = conv(data.x, data.edge_index)
    assert torch.equal(conv(data.x, data.edge_index, edge_attr=data.edge_attr), plain)
    numb = conv_of("numbers")  # built alike otherwise, and deaf to its edges
    for values in numb.neighbours.edges.parameters():
        nn.init.zeros_(values)
    numb.linear.load_state_dict(conv.linear.state_dict())
    numb.update.load_state_dict(conv.update.state_dict())
    torch.testing.assert_close(numb(data.x, data.edge_index, edge_attr=data.edge_attr), plain)


def encoder_of(form: str) -> layers.GINE:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return layers.GINE(4, 5, 3, edge_dim=FORMS[form], dropout=0.0).double().eval()


@pytest.mark.parametrize("form", ["numbers", "categories"])
def test_an_encoder_moves_with_nodes_and_edges_and_treats_parts_apart(form: str) -> None:
    encoder, data = encoder_of(form), graph(30, 200, form)
    out, random = encoder(data), torch.Generator().manual_seed(0)
    new, order = torch.randperm(30, generator=random), torch.randperm(200, generator=random)
    moved = Data(x=torch.empty_like(data.x).index_copy(0, new, data.x))
    moved.edge_index, moved.edge_attr = new[data.edge_index][:, order], data.edge_attr[order]
    moved.edge_weight = data.edge_weight[order]
    torch.testing.assert_close(encoder(moved)[new], out)
    other = graph(6, 12, form)
    union = Batch.from_data_list([data, other])
    torch.testing.assert_close(encoder(union), torch.cat([out, encoder(other)]))


@pytest.mark.parametrize("form", ["numbers", "categories"])
def test_what_an_edge_is_like_matters(form: str) -> None:
    encoder, data = encoder_of(form), graph(30, 200, form)
    other = copy(data)
    other.edge_attr = data.edge_attr.flip(0)
    assert not torch.allclose(encoder(other), encoder(data))


@each_form
def test_gradients_of_all_that_is_learned(form: str) -> None:
    data, conv = graph(6, 12, form), conv_of(form, eps=0.3, train_eps=True)
    x = data.x.requires_grad_()
    numbers = [data.edge_attr.requires_grad_()] if form == "numbers" else []
    inputs = [x, data.edge_weight.requires_grad_(), *numbers, *conv.parameters()]

    def run(x: Tensor, weight: Tensor, *rest: Tensor) -> Tensor:
        attr = rest[0] if numbers else data.edge_attr
        out: Tensor = conv(x, data.edge_index, weight, attr)
        return out

    assert torch.autograd.gradcheck(run, inputs)


@each_form
def test_plain_torch_and_compiled_code_agree(form: str) -> None:
    data, encoder = graph(30, 200, form), encoder_of(form)
    expected = encoder(data)
    with use("torch"):
        torch.testing.assert_close(encoder(data), expected)
    torch._dynamo.reset()
    traced = torch.compile(encoder, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(traced(data), expected)


def test_categories_add_up_a_vector_a_column() -> None:
    categories = Categories(SIZES, 5)
    codes = torch.tensor([[0, 0], [2, 1], [1, 0]])
    expected = one_hot(codes).float() @ weights_of(categories)
    torch.testing.assert_close(categories(codes), expected)
    assert categories.table().shape == (6, 5)
    torch.testing.assert_close(categories.table()[combinations(codes, SIZES)], expected)
    assert combinations(codes, SIZES).tolist() == [0, 5, 2]
    assert combinations(codes.float(), SIZES).tolist() == [0, 5, 2]


def test_codes_are_looked_at_once_and_again_when_they_change() -> None:
    codes = torch.tensor([[0, 0], [2, 1]])
    first = combinations(codes, SIZES)
    assert combinations(codes, SIZES) is first
    codes[0, 0] = 1
    assert combinations(codes, SIZES).tolist() == [2, 5]
    codes[0, 0] = 3
    with pytest.raises(ValueError, match="column 0 of the categories holds 3 in row 0"):
        combinations(codes, SIZES)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "missing": (
        lambda: conv_of("numbers")(torch.ones(2, 4).double(), torch.tensor([[0], [1]])),
        "built with edge_dim=2, but the graph has no edge_attr: give one row for each of 1 edges",
    ),
    "width": (
        lambda: encoder_of("numbers")(graph(6, 12, "categories")),
        r"edge_attr is torch.int64 of shape \(12, 2\), but edge_dim=2 asks for floating numbers",
    ),
    "codes": (
        lambda: encoder_of("categories")(graph(6, 12, "numbers")),
        r"edge_dim=\(3, 2\) asks for int64 \(12, 2\)",
    ),
    "value": (
        lambda: Categories(SIZES, 4)(torch.tensor([[0, 0], [0, 2]])),
        "column 1 of the categories holds 2 in row 1, but its values are 0 to 1",
    ),
    "negative": (
        lambda: combinations(torch.tensor([[-1, 0]]), SIZES),
        "column 0 of the categories holds -1",
    ),
    "half": (
        lambda: Categories(SIZES, 4)(torch.tensor([[0, 0.5]])),
        "column 1 of the categories holds 0.5 in row 0",
    ),
    "columns": (
        lambda: Categories(SIZES, 4)(torch.zeros(3, 3)),
        r"categories are of shape \(3, 3\), but each row needs one value in each of 2 columns",
    ),
    "no column": (lambda: layers.GINEConv(4, 4, edge_dim=()), "sizes is empty"),
    "empty column": (lambda: layers.GINEConv(4, 4, edge_dim=(3, 0)), r"sizes\[1\] is 0"),
    "combinations": (
        lambda: layers.GINEConv(4, 4, edge_dim=(300, 300)),
        "have 90000 combinations, but a table has at most 65536 rows",
    ),
    "zero": (lambda: layers.GINEConv(4, 4, edge_dim=0), "edge_dim is 0"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refusals(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("block", ["norm", "bare"])
def test_layers_of_both_kinds(block: str, activation: str) -> None:
    """A bare layer has no norm, and nothing after its MLP."""
    data = graph(30, 200, "numbers")
    settings: dict[str, Any] = {"block": block, "activation": activation, "edge_dim": 2}
    encoder = layers.GINE(4, 4, 2, map_input=False, **settings).double().eval()
    act, h = getattr(F, activation), data.x
    source, target = data.edge_index
    for conv in encoder.convs:
        edges = conv.neighbours.edges
        message = F.relu(h[source] + edges(data.edge_attr)) * data.edge_weight[:, None]
        z = conv.linear(h + torch.zeros_like(h).index_add(0, target, message))
        z = conv.update.norm(z) if block == "norm" else z
        out = conv.update.linear(act(z))
        h = h + (act(out) if block == "norm" else out)
    torch.testing.assert_close(encoder(data), h)


def test_a_bare_layer_drops_after_each_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = dropouts.dropout

    def noted(x: Tensor, *rest: Any) -> Tensor:
        seen.append(x)
        return original(x, *rest)

    monkeypatch.setattr(dropouts, "dropout", noted)
    encoder = layers.GINE(4, 8, 3, block="bare", dropout=0.5).double().train()
    encoder(graph(30, 200))
    assert [bool(x.requires_grad) for x in seen] == [True] * 9  # once before, with a share of 0
    with pytest.raises(ValueError, match="block is 'naked', which is none of norm, bare"):
        layers.GINE(4, 8, block="naked")
