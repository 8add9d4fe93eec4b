"""The training loop: what it learns and what it keeps."""

from __future__ import annotations

import math
import os
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from learnable import NODES, Mean, graph, numbers, run
from torch import Tensor, nn
from torch_geometric.data.data import BaseData

from gnnlab.tasks import NodeClassification, Result, Training
from gnnlab.tasks.metrics.by_name import BY_KIND

# What is learnt


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("metric", ["auto", *BY_KIND["classes"]])
def test_every_metric_reaches_one_on_a_learnable_graph(classes: int, metric: Any) -> None:
    result = run(
        Training(lr=3e-2, epochs=60), graph(classes, noise=0.1), task=NodeClassification(metric)
    )
    auto = "roc_auc" if classes == 2 else "accuracy"
    assert result.metric == (auto if metric == "auto" else metric)
    # A correlation falls twice as fast as a share: 0.85 is as many wrong as 0.93 of them right.
    assert result.valid > 0.95 and result.test > (0.85 if metric == "matthews" else 0.9)
    assert result.curve.loss[-1] < 0.3 * result.curve.loss[0]


def test_kept_numbers_are_the_kept_model_s() -> None:
    data = graph(noise=1.0)
    result = run(Training(epochs=25), data, split=1)
    assert result.model is not None and not result.model.training
    with torch.no_grad():
        hit = result.model(data).argmax(1) == data.y
    assert result.valid == pytest.approx(hit[data.val_mask[:, 1]].double().mean().item())
    assert result.test == pytest.approx(hit[data.test_mask[:, 1]].double().mean().item())


def test_losses_are_the_cross_entropy_of_each_part() -> None:
    data, encoder = graph(), Mean(3, 8).eval()
    torch.nn.init.zeros_(encoder.last.weight), torch.nn.init.zeros_(encoder.last.bias)
    result = run(Training(epochs=1, lr=1e-12), data, encoder=encoder, reinitialise=False)
    assert result.model is not None
    with torch.no_grad():
        expected = F.cross_entropy(
            result.model(data)[data.val_mask[:, 0]], data.y[data.val_mask[:, 0]]
        )
    assert result.curve.valid_loss[0] == pytest.approx(expected.item())
    # The encoder returns zeros, so the logits are the head's bias, in training as well.
    bias = result.model.head.bias.detach().expand(NODES, -1)
    train = data.train_mask[:, 0]
    expected = F.cross_entropy(bias[train], data.y[train])
    assert result.curve.loss[0] == pytest.approx(expected.item(), rel=1e-5)


def test_only_training_labels_reach_the_weights() -> None:
    data, other = graph(), graph()
    held = ~other.train_mask[:, 0]
    other.y = torch.where(held, (other.y + 1) % 3, other.y)
    ours, theirs = run(data=data), run(data=other)
    assert ours.curve.loss == theirs.curve.loss
    assert ours.curve.valid != theirs.curve.valid


def test_labels_outside_the_split_may_be_unknown() -> None:
    data = graph()
    for name in ("train_mask", "val_mask", "test_mask"):
        getattr(data, name)[:9] = False
    before = run(data=data)
    data.y[:9] = -1
    assert numbers(run(data=data)) == numbers(before)


class Linear(nn.Linear):
    """A linear classifier of each node by itself."""

    out_channels = 3

    def forward(self, data: BaseData) -> Tensor:
        return F.linear(data.x, self.weight, self.bias)


def test_the_weights_follow_the_steps_written_out() -> None:
    data, training = (
        graph(),
        Training(0.5, 8, "sgd", 0.1, schedule="cosine", momentum=0.9, evaluate_every=8),
    )
    encoder = Linear(3, 3)
    model = run(training, data, encoder=encoder, reinitialise=False).model
    w, b = (p.detach().clone().requires_grad_() for p in encoder.parameters())
    speed = [torch.zeros_like(w), torch.zeros_like(b)]
    train = data.train_mask[:, 0]
    for step in range(8):
        logits = data.x[train] @ w.T + b
        picked = logits.log_softmax(1)[torch.arange(len(logits)), data.y[train]]
        gradients = torch.autograd.grad(-picked.mean(), (w, b))
        with torch.no_grad():
            for p, v, g in zip((w, b), speed, gradients, strict=True):
                v.mul_(0.9).add_(g + 0.1 * p)
                p.sub_(0.5 * (1 + math.cos(math.pi * step / 8)) / 2 * v)
    assert model is not None
    torch.testing.assert_close(model.encoder.weight, w)
    torch.testing.assert_close(model.encoder.bias, b)


# Which epoch is kept


# The head


def head_of(result: Result) -> nn.Linear | None:
    assert result.model is not None
    return result.model.head


@pytest.mark.parametrize(("classes", "width"), [(2, 1), (3, 3), (4, 4)])
def test_the_task_adds_a_head_to_hidden_states_only(classes: int, width: int) -> None:
    data = graph(classes)
    head = head_of(run(data=data))
    assert head is not None and head.weight.shape == (width, 16)
    own = run(data=data, encoder=Mean(classes, 16, out_channels=width))
    assert head_of(own) is None
    assert own.parameters == sum(p.numel() for p in Mean(classes, 16, width).parameters())
    assert run(data=data).parameters - (16 + 1) * width == sum(
        p.numel() for p in Mean(classes, 16).parameters()
    )


def test_two_logits_for_two_classes_are_taken_as_they_are() -> None:
    result = run(Training(epochs=60, lr=3e-2), graph(2, 0.1), encoder=Mean(2, 16, out_channels=2))
    assert result.metric == "roc_auc" and result.valid > 0.95


def test_declared_classes_decide_the_width() -> None:
    data = graph(3)
    data.classes = 5
    head = head_of(run(data=data))
    assert head is not None and head.out_features == 5


def test_the_head_has_the_encoders_precision() -> None:
    data = graph()
    data.x = data.x.double()
    head = head_of(run(data=data, encoder=Mean(3, 16).double()))
    assert head is not None and head.weight.dtype == torch.float64


# Precision, device, measurements


def test_bf16_autocast_reaches_the_encoder_and_spares_the_head() -> None:
    seen: set[tuple[bool, torch.dtype]] = set()

    class Spy(Mean):
        def forward(self, data: BaseData) -> Tensor:
            h = super().forward(data)
            seen.add((self.training, h.dtype))
            return h

    result = run(
        Training(epochs=60, lr=3e-2, autocast="bf16"), graph(noise=0.1), encoder=Spy(3, 16)
    )
    assert seen == {(True, torch.bfloat16), (False, torch.bfloat16)}
    assert result.valid > 0.95
    assert result.model is not None
    assert {p.dtype for p in result.model.parameters()} == {torch.float32}
    with torch.autocast("cpu", torch.bfloat16):
        assert result.model(graph()).dtype == torch.float32


def test_moving_a_problem_leaves_the_callers_graph_where_it_is() -> None:
    data = graph()
    moved = NodeClassification().setup(data, 0).to(torch.device("meta"))
    assert {moved.data.x.device.type, moved.held_out.device.type} == {"meta"}
    assert {value.device.type for value in data.to_dict().values()} == {"cpu"}


def test_gradients_are_clipped_to_the_norm() -> None:
    tight = Training(epochs=1, lr=1.0, optimizer="sgd", grad_clip=1e-3)
    encoder = Mean(3, 16)
    model = run(tight, encoder=encoder, reinitialise=False).model
    assert model is not None
    moved = [
        (after - before).detach().flatten()
        for after, before in zip(model.encoder.parameters(), encoder.parameters(), strict=True)
    ]
    assert 0 < torch.cat(moved).norm() <= 1.001e-3


def test_the_encoders_transform_is_applied_once_to_a_copy() -> None:
    calls: list[BaseData] = []

    class Doubling(Mean):
        def transform(self, data: BaseData) -> BaseData:
            calls.append(data)
            data.x = 2 * data.x
            return data

    data = graph()
    twice = graph()
    twice.x = 2 * twice.x
    ours = run(data=data, encoder=Doubling(3, 16))
    assert len(calls) == 1 and torch.equal(data.x, graph().x)
    assert numbers(ours) == numbers(run(data=twice))


def test_all_epochs_see_the_callers_edge_index_itself() -> None:
    seen: set[int] = set()

    class Spy(Mean):
        def forward(self, data: BaseData) -> Tensor:
            seen.add(id(data.edge_index))
            return super().forward(data)

    data = graph()
    run(data=data, encoder=Spy(3, 16))
    assert seen == {id(data.edge_index)}


@pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="the peak can be reset on Linux only"
)
def test_time_and_memory_are_measured() -> None:
    class Hungry(Mean):
        def forward(self, data: BaseData) -> Tensor:
            block = torch.ones(32 * 2**20)  # 128 MiB, freed again before the step ends
            return super().forward(data) + 0 * block[:1]

    torch.ones(128 * 2**20).sum()  # an earlier, higher peak must not hide the one measured
    lean, hungry = run(), run(encoder=Hungry(3, 16))
    assert lean.seconds > 0
    assert lean.peak_memory_bytes < 64 * 2**20 < hungry.peak_memory_bytes < 256 * 2**20


def test_the_model_can_be_left_out() -> None:
    full, bare = run(), run(keep_model=False)
    assert bare.model is None and numbers(bare) == numbers(full)


def test_progress_hears_of_every_evaluation() -> None:
    heard: list[tuple[int, dict[str, float]]] = []
    result = run(Training(epochs=5, evaluate_every=2), progress=lambda *event: heard.append(event))
    assert [epoch for epoch, _ in heard] == [2, 4, 5]
    for name, values in dict(result.curve).items():
        assert [row[name] for _, row in heard] == values


def test_progress_true_draws_a_bar(capfd: pytest.CaptureFixture[str]) -> None:
    run(Training(epochs=4), progress=True)
    assert "4/4" in capfd.readouterr().err


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_learns_the_same_and_leaves_its_generator_alone() -> None:
    data, before = graph(noise=0.1), torch.cuda.get_rng_state()
    training = Training(lr=3e-2, epochs=60)
    first, second = (run(training, data, device="cuda") for _ in range(2))
    assert numbers(first) == numbers(second) and first.valid > 0.95
    assert first.peak_memory_bytes > 0 and data.x.device.type == "cpu"
    assert torch.equal(torch.cuda.get_rng_state(), before)
