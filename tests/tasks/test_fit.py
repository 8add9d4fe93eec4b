"""The training loop: what it learns, what it keeps, and what it leaves alone."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.data.data import BaseData

from gnnlab.tasks import NodeClassification, Result, Training, fit
from gnnlab.tasks.metrics import METRICS

NODES = 120


class Mean(nn.Module):
    """A small encoder: own features beside the mean over in-neighbours, norms and dropout."""

    level = "node"

    def __init__(
        self, in_channels: int, hidden_channels: int, out_channels: int | None = None
    ) -> None:
        super().__init__()
        self.hidden_channels, self.out_channels = hidden_channels, out_channels
        self.own = nn.Linear(in_channels, hidden_channels)
        self.others = nn.Linear(in_channels, hidden_channels)
        self.norm = nn.BatchNorm1d(hidden_channels)
        self.last = nn.Linear(hidden_channels, out_channels or hidden_channels)

    def forward(self, data: BaseData) -> Tensor:
        source, target = data.edge_index
        near = torch.zeros_like(data.x).index_add(0, target, data.x[source])
        near = near / data.x.new_zeros(len(data.x)).index_add(
            0, target, data.x.new_ones(len(source))
        ).clamp(min=1).unsqueeze(1)
        h = F.dropout(self.norm(self.own(data.x) + self.others(near)).relu(), 0.2, self.training)
        out: Tensor = self.last(h)
        return out


def graph(classes: int = 3, noise: float = 0.3, splits: int = 2) -> Data:
    """Nodes whose neighbours' features, not their own, tell their class; all splits stratified."""
    g = torch.Generator().manual_seed(0)
    y = torch.arange(NODES) % classes
    # Every node hears from four nodes of the next class.
    others = [torch.nonzero(y == (c + 1) % classes).flatten() for c in range(classes)]
    source = torch.cat([others[c][torch.randint(len(others[c]), (4,), generator=g)] for c in y])
    target = torch.arange(NODES).repeat_interleave(4)
    x = torch.eye(classes)[y] + noise * torch.randn(NODES, classes, generator=g)
    x[:, 0] += torch.randn(NODES, generator=g)
    part = torch.stack([(torch.arange(NODES) // classes + s) % 4 for s in range(splits)], 1)
    masks = {"train_mask": part < 2, "val_mask": part == 2, "test_mask": part == 3}
    return Data(x=x, edge_index=torch.stack([source, target]), y=y, **masks)


def run(training: Training | None = None, data: Data | None = None, **arguments: Any) -> Result:
    data = graph() if data is None else data
    encoder = arguments.pop("encoder", None) or Mean(data.num_features, 16)
    task = arguments.pop("task", NodeClassification())
    return fit(task, encoder, data, training or Training(epochs=12), **arguments)


def numbers(result: Result) -> tuple[Any, ...]:
    return result.valid, result.test, result.epoch, result.curve


# What is learnt


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("metric", ["auto", *METRICS])
def test_every_metric_reaches_one_on_a_learnable_graph(classes: int, metric: Any) -> None:
    result = run(
        Training(lr=3e-2, epochs=60), graph(classes, noise=0.1), task=NodeClassification(metric)
    )
    auto = "roc_auc" if classes == 2 else "accuracy"
    assert result.metric == (auto if metric == "auto" else metric)
    assert result.valid > 0.95 and result.test > 0.9
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


@pytest.mark.parametrize("select", ["metric", "loss"])
def test_the_first_best_epoch_of_the_curve_is_kept(select: Any) -> None:
    result = run(Training(epochs=40, lr=5e-2, select=select), graph(noise=1.5))
    key = result.curve.valid if select == "metric" else [-v for v in result.curve.valid_loss]
    at = key.index(max(key))
    assert result.epoch == result.curve.epoch[at] == at + 1
    assert (result.valid, result.test) == (result.curve.valid[at], result.curve.test[at])


def test_metric_and_loss_pick_different_epochs_of_one_curve() -> None:
    data = graph(noise=1.5)
    by_metric = run(Training(epochs=40, lr=5e-2, select="metric"), data)
    by_loss = run(Training(epochs=40, lr=5e-2, select="loss"), data)
    assert by_metric.curve == by_loss.curve
    assert by_metric.epoch != by_loss.epoch


@pytest.mark.parametrize("patience", [1, 5])
def test_patience_stops_that_many_epochs_after_the_best(patience: int) -> None:
    full = run(Training(epochs=200, lr=5e-2, select="loss"), graph(noise=1.5))
    short = run(Training(epochs=200, lr=5e-2, select="loss", patience=patience), graph(noise=1.5))
    ran = len(short.curve.epoch)
    assert ran < 200 and ran == short.epoch + patience
    assert dict(short.curve) == {name: values[:ran] for name, values in dict(full.curve).items()}


def test_patience_counts_epochs_not_evaluations() -> None:
    training = Training(epochs=200, lr=5e-2, select="loss", patience=10, evaluate_every=4)
    result = run(training, graph(noise=1.5))
    assert result.curve.epoch[-1] == result.epoch + 12  # the first evaluation at least 10 later


def test_evaluating_seldom_changes_nothing_but_the_curve_s_length() -> None:
    often, seldom = run(Training(epochs=11)), run(Training(epochs=11, evaluate_every=4))
    assert seldom.curve.epoch == [4, 8, 11]
    for name, values in dict(often.curve).items():
        assert len(values) == 11
        assert seldom.curve[name] == [values[epoch - 1] for epoch in (4, 8, 11)]


# The seed


def test_a_seed_gives_the_same_numbers_twice_and_another_seed_others() -> None:
    first, second = run(seed=3), run(seed=3)
    assert numbers(first) == numbers(second)
    assert first.model is not None and second.model is not None
    for one, two in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, two)
    assert numbers(run(seed=4)) != numbers(first)


def test_the_seed_alone_decides_whatever_the_generators_and_the_module_hold() -> None:
    encoder = Mean(3, 16)
    first = run(encoder=encoder)
    torch.manual_seed(99)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.fill_(7.0)
        encoder.norm.running_mean.fill_(5.0)
    assert numbers(run(encoder=encoder)) == numbers(first)


def test_a_module_and_a_function_that_builds_it_are_the_same() -> None:
    assert numbers(run(encoder=Mean(3, 16))) == numbers(run(encoder=lambda: Mean(3, 16)))


def test_python_and_numpy_generators_are_seeded_too() -> None:
    class Noisy(Mean):
        def forward(self, data: BaseData) -> Tensor:
            return super().forward(data) * (1 + random.random() + np.random.rand())

    first = run(encoder=Noisy(3, 16))
    random.random(), np.random.rand()
    assert numbers(run(encoder=Noisy(3, 16))) == numbers(first)


def states() -> tuple[Any, ...]:
    return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()


class Broken(Mean):
    def forward(self, data: BaseData) -> Tensor:
        random.random(), np.random.rand(), torch.rand(1)
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, None),
        ({"encoder": lambda: Mean(3, 16)}, None),
        ({"encoder": Broken(3, 16)}, KeyboardInterrupt),
        ({"encoder": lambda: Broken(3, 16)}, KeyboardInterrupt),
        ({"training": Training(lr=1e30, epochs=9)}, ValueError),
    ],
)
def test_the_callers_generators_module_and_graph_are_left_alone(
    arguments: dict[str, Any], error: type[BaseException] | None
) -> None:
    data, encoder = graph(), arguments.get("encoder", Mean(3, 16))
    kept, tensors = data.clone(), dict(data.to_dict())
    weights = deepcopy(encoder.state_dict()) if isinstance(encoder, nn.Module) else {}
    before = states()
    if error is None:
        fit(NodeClassification(), encoder, data, Training(epochs=3), seed=1)
    else:
        with pytest.raises(error):
            training = arguments.get("training", Training(epochs=3))
            fit(NodeClassification(), encoder, data, training, seed=1)
    assert states() == before
    for name, value in data.to_dict().items():
        assert value is tensors[name] and torch.equal(value, kept[name]), name
    if isinstance(encoder, nn.Module):
        assert encoder.training and all(p.grad is None for p in encoder.parameters())
        for name, value in encoder.state_dict().items():
            assert torch.equal(value, weights[name]), name


def test_a_function_that_returns_the_callers_module_leaves_it_alone() -> None:
    encoder = Mean(3, 16)
    before = deepcopy(encoder.state_dict())
    run(encoder=lambda: encoder)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_pretrained_weights_are_kept_on_request() -> None:
    encoder = Mean(3, 16)
    tiny = Training(lr=1e-12, epochs=1)
    kept = run(tiny, encoder=encoder, reinitialise=False).model
    drawn = run(tiny, encoder=encoder).model
    assert kept is not None and drawn is not None
    torch.testing.assert_close(kept.encoder.own.weight, encoder.own.weight)
    assert not torch.allclose(drawn.encoder.own.weight, encoder.own.weight)


class Unresettable(Mean):
    def __init__(self) -> None:
        super().__init__(3, 16)
        self.scale = nn.Parameter(torch.rand(16))

    def forward(self, data: BaseData) -> Tensor:
        return super().forward(data) * self.scale


def test_a_parameter_that_cannot_be_reset_needs_a_function() -> None:
    with pytest.raises(
        ValueError, match=r"no reset_parameters\(\) reaches scale: add one, or give"
    ):
        run(encoder=Unresettable())
    assert numbers(run(encoder=Unresettable)) == numbers(run(encoder=Unresettable))


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


# What is refused


def without_validation(data: BaseData) -> None:
    data.val_mask[:, 1] = False


def one_class_in_test(data: BaseData) -> None:
    data.y[data.test_mask[:, 0]] = 0


def no_masks(data: BaseData) -> None:
    data.train_mask = data.val_mask = data.test_mask = None


def no_labels(data: BaseData) -> None:
    data.y = None


def one_class(data: BaseData) -> None:
    data.y = torch.zeros_like(data.y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_validation, "data.val_mask selects no node in split 1"),
        (
            one_class_in_test,
            "data.test_mask holds no node of class 1 in split 0, so roc_auc is not",
        ),
        (no_masks, "data.train_mask is missing: node classification needs"),
        (no_labels, "data.y is missing"),
        (one_class, "data.y names 1 class, so there is nothing to tell apart"),
    ],
)
def test_a_graph_that_cannot_be_learnt_is_refused(
    change: Callable[[BaseData], None], message: str
) -> None:
    data = graph(2)
    change(data)
    with pytest.raises(ValueError, match=message):
        run(data=data)


class Graphwise(Mean):
    level = "graph"


class Narrow(Mean):
    def forward(self, data: BaseData) -> Tensor:
        return super().forward(data)[:, 1:]


class Widthless(nn.Module):
    def forward(self, data: BaseData) -> Tensor:
        x: Tensor = data.x
        return x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": 2}, "split is 2, but the masks hold 2 splits, numbered 0 to 1"),
        ({"split": -1}, "split is -1, but"),
        ({"split": "0"}, "split is '0', but"),
        ({"seed": -1}, "seed is -1, but it must be a whole number from 0"),
        ({"seed": 0.5}, "seed is 0.5"),
        ({"device": "gpu"}, "device is 'gpu', which torch does not know"),
        ({"device": "cuda:99"}, "device is 'cuda:99', but torch sees [0-9]+ CUDA devices"),
        ({"encoder": Graphwise(3, 4)}, "Graphwise.level is 'graph', but node classification"),
        ({"encoder": Mean(3, 4, 7)}, "Mean predicts out_channels=7, but this graph has 3 classes"),
        ({"encoder": Narrow(3, 4)}, r"Narrow returned \(120, 3\) .* but \(120, 4\) was expected"),
        ({"encoder": Widthless()}, "Widthless.hidden_channels is None, so the task cannot put"),
        ({"encoder": lambda: 3}, "the encoder callable returned 3, but a torch.nn.Module"),
        ({"encoder": "GCN"}, "the encoder is 'GCN', but a torch.nn.Module is needed"),
        (
            {"training": Training(lr=1e30)},
            r"loss became (nan|inf) at epoch \d+ with lr=1e\+30: low",
        ),
    ],
)
def test_arguments_that_cannot_work_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        run(**arguments)
    assert "\n" not in str(raised.value)


def test_an_unknown_metric_is_refused_when_the_task_is_made() -> None:
    with pytest.raises(ValueError, match="no metric 'auc': did you mean"):
        NodeClassification("auc")  # type: ignore[arg-type]


def test_one_split_has_number_zero_only() -> None:
    data = graph(splits=1)
    flat = data.clone()
    for name in ("train_mask", "val_mask", "test_mask"):
        setattr(flat, name, getattr(flat, name)[:, 0])
    assert numbers(run(data=flat)) == numbers(run(data=data))
    with pytest.raises(ValueError, match="the masks hold 1 split, number 0: choose"):
        run(data=flat, split=1)
