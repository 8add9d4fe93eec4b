"""KPathSubgraphGNN, a root at a time, and the loss of views with dropped edges."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import graphs
from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import stratified
from gnnlab.layers.subgraphs.edge_drop_contrast import EdgeDropContrast, info_nce
from gnnlab.layers.subgraphs.k_path_gnn import KPathLayer
from gnnlab.layers.subgraphs.k_path_reading import read_subgraphs
from gnnlab.tasks.shared.model import Model

CASES = {
    "KPathSubgraphGNN": lambda _: layers.KPathSubgraphGNN(3, 4, 2, length=2),
    "KPathSubgraphGNN distance": lambda _: layers.KPathSubgraphGNN(
        3, 4, 1, length=3, mark="distance", pooling="mean"
    ),
}


def data_of(graph: nx.Graph, seed: int = 0) -> Data:
    """Both directions of each edge, with weights and attributes of their own."""
    graph = nx.convert_node_labels_to_integers(graph)
    ends = torch.tensor(list(graph.edges), dtype=torch.int64).reshape(-1, 2).T
    random = torch.Generator().manual_seed(seed)
    data = Data(
        x=torch.randn(len(graph), 3, generator=random).double(),
        edge_index=torch.cat([ends, ends.flip(0)], dim=1),
    )
    data.edge_weight = torch.rand(data.num_edges, generator=random).double() + 0.5
    data.edge_attr = torch.randn(data.num_edges, 2, generator=random).double()
    return data


def build(**settings: Any) -> layers.KPathSubgraphGNN:
    """In float64 and eval mode, with norms that have seen numbers and an eps that is not 0."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = layers.KPathSubgraphGNN(3, 5, 2, **settings).double()
        for module in encoder.modules():
            if isinstance(module, nn.BatchNorm1d):
                nn.init.normal_(module.running_mean)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.normal_(module.weight, 1, 0.3)
            if isinstance(module, KPathLayer):
                nn.init.normal_(module.eps)
    return encoder.eval()


def root_by_root(encoder: Any, data: Data) -> Tensor:
    """The formula, on the subgraph that the simple paths from each root cover."""
    row = {tuple(edge): number for number, edge in enumerate(data.edge_index.T.tolist())}
    graph = nx.Graph(list(row))
    graph.add_nodes_from(range(data.num_nodes))
    out = []
    for root in range(data.num_nodes):
        covered = nx.Graph()
        covered.add_node(root)
        for end in set(graph) - {root}:
            for path in nx.all_simple_paths(graph, root, end, cutoff=encoder.length):
                nx.add_path(covered, path)
        far = nx.single_source_shortest_path_length(graph, root)
        nodes = list(covered)
        marks = [far[u] if encoder.mark == "distance" else int(u == root) for u in nodes]
        h = encoder.input(data.x[nodes]) + encoder.marks(torch.tensor(marks))
        for layer in encoder.layers:
            heard = torch.zeros_like(h)
            for one, other in [*covered.edges, *((b, a) for a, b in covered.edges)]:
                shift = 0
                if encoder.edge_dim is not None:
                    shift = layer.edges(data.edge_attr[row[one, other]])
                message = F.relu(h[nodes.index(one)] + shift)
                if "edge_weight" in data:
                    message = message * data.edge_weight[row[one, other]]
                heard[nodes.index(other)] += message
            h = h + F.relu(layer.update(layer.linear((1 + layer.eps) * h + heard)))
        pooled = h.sum(0) if encoder.pooling == "sum" else h.mean(0)
        out.append(encoder.of_root(h[nodes.index(root)]) + encoder.of_all(pooled))
    z = F.relu(encoder.norm(torch.stack(out)))
    return z if encoder.output is None else encoder.output(z)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("edge_dim", [None, 2])
@pytest.mark.parametrize(
    "options",
    [{}, {"mark": "distance", "pooling": "mean", "out_channels": 2}, {"length": 1}],
    ids=["default", "distance", "star"],
)
def test_formula(options: dict[str, Any], edge_dim: int | None, weighted: bool) -> None:
    encoder = build(**{"length": 2, **options}, edge_dim=edge_dim)
    for graph in (nx.lollipop_graph(4, 3), nx.gnp_random_graph(9, 0.25, seed=1)):
        data = encoder.transform(data_of(graph))
        if not weighted:
            del data.edge_weight
        torch.testing.assert_close(encoder(data), root_by_root(encoder, data))


@settings(max_examples=10, deadline=None)
@given(parts=st.lists(graphs(), min_size=2, max_size=4))
def test_a_batch_never_mixes_its_graphs(parts: list[Data]) -> None:
    encoder = build(length=2)
    own = encoder.transform_many(parts)
    batch = Batch.from_data_list(own)
    torch.testing.assert_close(encoder(batch), torch.cat([encoder(data) for data in own]))
    batch.x.requires_grad_()
    z = encoder(batch)
    for number in range(len(own)):
        (grad,) = torch.autograd.grad(z[batch.batch == number].sum(), batch.x, retain_graph=True)
        assert not grad[batch.batch != number].any()


def test_hears_no_farther_than_its_paths() -> None:
    encoder = build(length=2)
    data = encoder.transform(data_of(nx.path_graph(6)))
    data.x.requires_grad_()
    (grad,) = torch.autograd.grad(encoder(data)[0].sum(), data.x)
    assert grad.any(1).tolist() == [True] * 3 + [False] * 3


def test_tells_a_ring_of_six_from_two_triangles() -> None:
    both = nx.cycle_graph(6), nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3))
    for mark in ("root", "distance"):
        encoder, rows = build(length=2, mark=mark), []
        for graph in both:
            data = data_of(graph)
            rows.append(
                encoder(encoder.transform(Data(torch.ones(6, 3).double(), data.edge_index)))
            )
        assert not torch.allclose(rows[0].sum(0), rows[1].sum(0))


def test_what_is_sorted_is_kept_while_edges_stay() -> None:
    data = build().transform(data_of(nx.cycle_graph(6)))
    first, again = read_subgraphs(data, 3, None), read_subgraphs(data.clone("x"), 3, None)
    assert first.arcs is again.arcs and first.edges is again.edges
    other = data.clone("x")
    other.edge_index, other.edge_weight = data.edge_index.flip(1), data.edge_weight.flip(0)
    torch.testing.assert_close(read_subgraphs(other, 3, None).weight, first.weight)


def test_info_nce_is_its_formula() -> None:
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 4, 3, generator=random)
    e = (torch.cosine_similarity(one[:, None], other[None], dim=2) / 0.2).exp()
    terms = (e.diag() / e.sum(1)).log() + (e.diag() / e.sum(0)).log()
    torch.testing.assert_close(info_nce(one, other, 0.2), -terms.sum() / 8)
    assert float(info_nce(one[:1], other[:1], 0.2)) == 0


def batch_of(encoder: Any, *found: nx.Graph) -> Batch:
    own = [encoder.transform(data_of(graph, seed)) for seed, graph in enumerate(found)]
    return Batch.from_data_list(own)


def test_both_directions_and_repeats_of_an_edge_share_a_draw() -> None:
    data = data_of(nx.gnp_random_graph(8, 0.4, seed=0))
    data.edge_index = torch.cat([data.edge_index, data.edge_index[:, :2]], dim=1)
    kept = EdgeDropContrast(5).double().kept(torch.randn(8, 5).double(), data)
    half = (data.num_edges - 2) // 2
    assert torch.equal(kept[:half], kept[half : 2 * half]) and torch.equal(kept[-2:], kept[:2])
    assert len(kept[:half].unique()) == half and 0 < kept.min() and kept.max() < 1


def test_encoder_and_dropper_pull_in_opposite_directions() -> None:
    """The gradients of one backward pass are those of the min-max problem, side by side."""
    encoder = build(contrast=0.7, drop_penalty=2.0)
    views = encoder.views
    assert views is not None
    batch = batch_of(encoder, nx.cycle_graph(5), nx.complete_graph(4), nx.path_graph(6))
    torch.manual_seed(3)
    z, loss = encoder.with_loss(batch)
    assert loss is not None and torch.equal(z, encoder(batch))
    ours = list(encoder.parameters())
    found = torch.autograd.grad(loss, ours, allow_unused=True)

    torch.manual_seed(3)
    z = encoder.states(batch)
    kept = views.kept(z, batch)
    view = batch.clone()
    view.edge_weight = batch.edge_weight * kept
    means = [
        views.project(torch.stack([h[batch.batch == g].mean(0) for g in range(3)]))
        for h in (z, encoder.states(view))
    ]
    match = info_nce(means[0], means[1], 0.2)
    edge_of = batch.batch[batch.edge_index[0]]
    dropped = torch.stack([1 - kept[edge_of == g].mean() for g in range(3)]).mean()
    torch.testing.assert_close(loss, 0.7 * (match + 2 * dropped))
    down = torch.autograd.grad(0.7 * match, ours, retain_graph=True, allow_unused=True)
    up = torch.autograd.grad(0.7 * (match - 2 * dropped), ours, allow_unused=True)
    dropper = {id(p) for p in views.score.parameters()}
    reached = 0
    for parameter, grad, minimised, maximised in zip(ours, found, down, up, strict=True):
        if id(parameter) in dropper:
            assert grad is not None and maximised is not None
            torch.testing.assert_close(grad, -maximised)
            reached += bool(grad.any())
        elif minimised is None:
            assert grad is None
        else:
            torch.testing.assert_close(grad, minimised)
    assert reached == 4  # both maps' weights and biases


def test_evaluation_does_not_know_of_the_views() -> None:
    plain, contrasted = build(), build(contrast=1.0)
    kept = {k: v for k, v in contrasted.state_dict().items() if not k.startswith("views.")}
    plain.load_state_dict(kept)
    batch = batch_of(plain, nx.cycle_graph(5), nx.star_graph(3))
    state = torch.random.get_rng_state()
    assert torch.equal(plain(batch), contrasted(batch))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert plain.with_loss(batch)[1] is None


def test_a_single_graph_of_a_batch_has_nothing_to_be_told_from_and_its_nodes_have() -> None:
    encoder = build(contrast=1.0)
    alone, one = batch_of(encoder, nx.cycle_graph(4)), encoder.transform(data_of(nx.cycle_graph(4)))
    losses = []
    for data in (alone, one):
        torch.manual_seed(0)
        loss = encoder.with_loss(data)[1]
        assert loss is not None
        losses.append(float(loss.detach()))
    assert 0 < losses[0] < 5  # the penalty alone
    assert losses[1] > losses[0] + 0.01


def test_graphs_without_an_edge_drop_nothing() -> None:
    encoder = build(contrast=1.0, drop_penalty=100.0)
    batch = batch_of(encoder, nx.empty_graph(1), nx.empty_graph(3))
    loss = encoder.with_loss(batch)[1]
    assert loss is not None and math.isfinite(loss.detach()) and float(loss.detach()) < 50
    batch = batch_of(encoder, nx.empty_graph(2), nx.cycle_graph(3), nx.path_graph(2))
    grads = torch.autograd.grad(encoder.with_loss(batch)[1], list(encoder.views.parameters()))
    assert all(bool(grad.isfinite().all()) for grad in grads)


def dataset(codes: bool = False) -> Graphs:
    found = []
    for number in range(16):
        graph = nx.cycle_graph(7) if number % 2 else nx.lollipop_graph(3, 4)
        data = data_of(graph, seed=number)
        edges = {"edge_index": data.edge_index}
        x = torch.arange(7).reshape(-1, 1) % 3 if codes else data.x
        found.append(Data(x=x.float(), y=torch.tensor([number % 2]), **edges))
    masks = stratified(torch.arange(16) % 2, 1, (0.5, 0.25), 0)
    return Graphs(tuple(found), masks, classes=2, name="small")


def test_fit_adds_the_loss_and_repeats_itself() -> None:
    task, training = tasks.GraphPrediction(batch_size=4), tasks.Training(epochs=2)
    data = dataset()

    def curve(contrast: float, seed: int = 0) -> dict[str, list[float]]:
        encoder = layers.KPathSubgraphGNN(3, 6, 2, length=2, contrast=contrast)
        result = tasks.fit(task, encoder, data, training, seed=seed)
        return dict(result.curve)

    first = curve(0.5)
    assert first == curve(0.5) != curve(0.5, seed=1)
    assert min(first["loss"]) > 1.5 > max(curve(0.0)["loss"])  # half the penalty is above 1


def test_inputs_pass_the_loss_on() -> None:
    data = dataset(codes=True)

    def make(width: int) -> nn.Module:
        return layers.KPathSubgraphGNN(width, 6, 1, length=1, contrast=1.0)

    encoder = layers.WithInputs(1, [layers.NodeCategories((3,), 4)], make)
    batch = Batch.from_data_list(encoder.transform_many(list(data)))
    logits, loss = Model(encoder, 2).with_loss(batch)
    assert logits.shape == (16 * 7, 2) and loss is not None and float(loss.detach()) > 0
    plain = layers.WithInputs(1, [layers.NodeCategories((3,), 4)], lambda w: layers.GIN(w, 4, 1))
    assert Model(plain, 2).with_loss(batch)[1] is None


def test_refusals() -> None:
    make = layers.KPathSubgraphGNN
    for wrong, told in (
        ({"length": 0}, "length is 0, but it must be a whole number"),
        ({"length": 300}, "length is 300, but paths have at most 255 edges"),
        ({"mark": "anchor"}, "mark is 'anchor', which is none of root, distance"),
        ({"pooling": "max"}, "pooling is 'max', which is none of sum, mean"),
        ({"contrast": -1}, "contrast is -1, but it must be 0 or more"),
        ({"drop_penalty": -1}, "drop_penalty is -1, but it must be 0 or more"),
        ({"edge_dim": 0}, "edge_dim is 0"),
    ):
        with pytest.raises(ValueError, match=told):
            make(3, 4, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="temperature is 0, but it must be above 0"):
        EdgeDropContrast(4, temperature=0)
    encoder, data = build(), data_of(nx.cycle_graph(5))
    with pytest.raises(ValueError, match="data.rooted_index and .* are missing: call encoder.tr"):
        encoder(data)
    with pytest.raises(
        ValueError, match="rooted_of tells of settings '2', but the encoder reads '3'"
    ):
        encoder(build(length=2).transform(data))
    found = encoder.transform(data)
    with pytest.raises(ValueError, match="built with edge_dim=7, but|edge_dim=7 asks for"):
        build(edge_dim=7)(found)
    short = found.clone("x")
    short.rooted_degree = found.rooted_degree - 1
    short.rooted_source = found.rooted_source.clone()
    with pytest.raises(
        ValueError,
        match="data.rooted_degree .* is not what rooted_of|data.rooted_degree is not what",
    ):
        encoder(short)
    moved = found.clone("x")
    moved.edge_index = (found.edge_index * 2) % 5
    with pytest.raises(ValueError, match="data.rooted_index was found before the edges"):
        encoder(moved)
    for left in (short, moved):
        del left.rooted_of
    with pytest.raises(ValueError, match="but data.rooted_source has"):
        encoder(short)
    with pytest.raises(ValueError, match="data.rooted_source goes along an edge that"):
        encoder(moved)
