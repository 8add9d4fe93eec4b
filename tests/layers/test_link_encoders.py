"""Encoders for links equal their papers' formulas, written densely."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from strategies import F_IN, WIDTH, graphs
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.layers.autoencoders.gae import divergence

CASES = {
    "GAE": lambda _: layers.GAE(3, 4, 2, inner_channels=3),
    "VGAE": lambda _: layers.VGAE(3, 4, 2),
}

FEW = settings(max_examples=25, deadline=None)


def dense(data: Data, loops: bool = False) -> Tensor:
    """A[i, j]: how many edges lead from j to i, with one loop where there is none if asked."""
    adjacency = torch.zeros(data.num_nodes, data.num_nodes, dtype=torch.float64)
    adjacency.index_put_((data.edge_index[1], data.edge_index[0]), torch.ones(()).double(), True)
    if loops:
        adjacency += torch.diag((adjacency.diagonal() == 0).double())
    return adjacency


def smoothing(data: Data) -> Tensor:
    adjacency = dense(data, loops=True)
    root = adjacency.sum(1).rsqrt()
    return root[:, None] * adjacency * root


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("aggregation", ["gcn", "sum", "mean"])
@FEW
@given(data=graphs())
def test_pure_propagation(aggregation: str, residual: bool, data: Data) -> None:
    encoder = layers.PureGNN(F_IN, WIDTH, 3, aggregation=aggregation, residual=residual).double()
    step = smoothing(data) if aggregation == "gcn" else dense(data)
    if aggregation == "mean":
        step = step / step.sum(1, keepdim=True).clamp(min=1)
    h, expected = encoder.input(data.x), 0
    for weight in encoder.steps:
        h = step @ h + (h if residual else 0)
        expected = expected + weight * h
    torch.testing.assert_close(encoder(data), expected)
    encoder.steps = None
    torch.testing.assert_close(encoder(data), h)


def test_pure_steps_start_from_a_normal_distribution_or_alike() -> None:
    torch.manual_seed(0)
    steps = layers.PureGNN(2, 2, 4000).steps
    assert abs(steps.mean().item()) < 0.06 and abs(steps.std().item() - 1) < 0.06
    assert torch.equal(layers.PureGNN(2, 2, 4, equal_start=True).steps, torch.full((4,), 0.25))


def test_the_pure_block_of_gcn_is_the_same_encoder() -> None:
    data = Data(x=torch.randn(4, 3), edge_index=torch.tensor([[0, 1, 2], [1, 2, 3]]))
    block = layers.GCN(3, 4, 2, block="pure").eval()
    own = layers.PureGNN(3, 4, 2, equal_start=True)
    own.load_state_dict(block.stack.state_dict())
    assert torch.equal(own(data), block(data))


def test_edges_are_left_out_in_training_alone_and_the_sum_is_kept_on_average() -> None:
    star = torch.stack([torch.arange(1, 2001), torch.zeros(2000, dtype=torch.int64)])
    data = Data(x=torch.ones(2001, 1), edge_index=star)
    encoder = layers.PureGNN(1, 1, aggregation="sum", jump=False, edge_dropout=0.25)
    torch.nn.init.ones_(encoder.input.weight)
    torch.nn.init.zeros_(encoder.input.bias)
    torch.manual_seed(0)
    one, two = float(encoder(data)[0]), float(encoder(data)[0])
    assert one != two and one == pytest.approx(2000, rel=0.05)
    assert one * 0.75 == pytest.approx(round(one * 0.75), abs=1e-3)
    assert float(encoder.eval()(data)[0]) == 2000


@FEW
@given(data=graphs())
def test_graph_auto_encoders(data: Data) -> None:
    smooth = smoothing(data)
    for cls in (layers.GAE, layers.VGAE):
        encoder = cls(F_IN, WIDTH, 2, inner_channels=3).double().eval()
        first, last = encoder.convs
        h = (smooth @ data.x @ first.linear.weight.T + first.bias).relu()
        torch.testing.assert_close(encoder(data), smooth @ h @ last.linear.weight.T + last.bias)


def test_the_divergence_is_torchs() -> None:
    g = torch.Generator().manual_seed(0)
    mean, log = torch.randn(2, 5, 3, generator=g, dtype=torch.float64)
    expected = kl_divergence(Normal(mean, log.exp()), Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(divergence(mean, log), expected)


def test_a_variational_encoder_adds_its_divergence_to_the_loss_of_a_step() -> None:
    ring = torch.stack([torch.arange(12), torch.arange(12).roll(1)])
    data = Data(x=torch.randn(12, 3), edge_index=torch.cat([ring, ring.flip(0)], 1))
    graph = tasks.LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)
    problem = tasks.LinkPrediction(mask_targets=False).setup(graph, 0)
    losses = []
    for weight in (0.0, 3.0):
        torch.manual_seed(0)
        model = problem.model(layers.VGAE(3, 4, divergence=weight))
        batch = next(iter(problem.batches()))
        torch.manual_seed(1)
        losses.append(problem.loss(model, batch))
    mean = model.encoder.eval()(graph)
    h = model.encoder.convs[0](graph.x, graph.edge_index).relu()
    log = model.encoder.deviation(h, graph.edge_index)
    torch.testing.assert_close(losses[1] - losses[0], 3 / 12 * divergence(mean, log))
    assert tasks.fit(
        tasks.LinkPrediction(), layers.VGAE(3, 4), graph, tasks.Training(epochs=2)
    ).epoch


def test_nodes_without_features_learn_vectors() -> None:
    ring = torch.stack([torch.arange(12), torch.arange(12).roll(1)])
    data = Data(x=torch.empty(12, 0), edge_index=torch.cat([ring, ring.flip(0)], 1))
    graph = tasks.LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)

    def encoder(nodes: int = 12) -> layers.WithInputs:
        steps = [layers.NodeEmbedding(nodes, 5)]
        return layers.WithInputs(0, steps, lambda width: layers.GCN(width, 4, 1))

    with pytest.raises(ValueError, match="data.x has 0 columns.*layers.NodeEmbedding"):
        tasks.fit(tasks.LinkPrediction(), layers.GCN(1, 4, 1), graph)
    with pytest.raises(
        ValueError, match="has 12 nodes, but NodeEmbedding has learnt vectors for 9"
    ):
        tasks.fit(tasks.LinkPrediction(), encoder(9), graph)
    result = tasks.fit(tasks.LinkPrediction(), encoder, graph, tasks.Training(epochs=2), seed=0)
    rows = result.model.encoder.inputs[0].rows
    assert rows.shape == (12, 5) and rows.grad is not None
    assert encoder().transductive
