"""Fitting: training of an encoder on a task, which keeps the epoch that is best on validation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described
from gnnlab.contracts.devices import check_device
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_flag, shown
from gnnlab.tasks.contract import Problem, Task, Trained, as_predictor
from gnnlab.tasks.shared.detached import detached
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.shared.unread import warn_of_unread
from gnnlab.tasks.training.curve import Curve
from gnnlab.tasks.training.finite import FirstStep
from gnnlab.tasks.training.foreign import measured
from gnnlab.tasks.training.optimizer import make_optimizer
from gnnlab.tasks.training.peak_memory import PeakMemory
from gnnlab.tasks.training.progress import Progress, reporting
from gnnlab.tasks.training.schedule import Schedule
from gnnlab.tasks.training.seed import build, checked_seed, isolated, reset, seed_all
from gnnlab.tasks.training.selection import Best, Snapshot, should_stop
from gnnlab.tasks.training.settings import Training
from gnnlab.tasks.training.sparse_reading import density, with_sparse_features
from gnnlab.tasks.training.threads import multiplications, threads_for

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs

Encoder = nn.Module | Callable[[], nn.Module]


@dataclass(frozen=True)
class Result:
    """What a training run came to.

    Args:
        valid: the metric on validation at the kept epoch: a fraction, or an error in the units of
            the targets; None where the task scores nothing.
        test: the metric on test at that same epoch, or None.
        epoch: the kept epoch, counted from 1: the weights after that many steps.
        seconds: wall time of training and evaluation, without preparing the data.
        parameters: number of trainable numbers in encoder and head.
        peak_memory_bytes: see :class:`gnnlab.tasks.memory.PeakMemory`.
        metric: the name of the metric.
        curve: ``curve.epoch``, ``.loss``, ``.valid_loss``, ``.valid`` and ``.test``, lists with one
            entry an evaluated epoch.
        model: encoder and head with the weights of the kept epoch, in eval mode; what it says is in
            the units of the targets. None if not kept.
        others: what else the task measured at the kept epoch, by part and name.
        sparse_features: whether x was read by its entries alone, as bags of words are: the same
            numbers up to the order of summation, about 1e-6 of a logit.
    """

    valid: float | None
    test: float | None
    epoch: int
    seconds: float
    parameters: int
    peak_memory_bytes: int
    metric: str
    curve: Curve = field(repr=False)
    model: Trained | None = field(repr=False, compare=False)
    others: dict[str, float] = field(default_factory=dict, repr=False)
    sparse_features: bool = False


def fit(
    task: Task,
    encoder: Encoder,
    data: Data | Graphs,
    training: Training | None = None,
    split: int = 0,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: Progress | bool | None = None,
    *,
    keep_model: bool = True,
    reinitialise: bool = True,
) -> Result:
    """Train, evaluate after every epoch, and keep the epoch best on validation.

    An epoch is one step on the whole graph, or a step on each mini-batch of a set of many.

    The same seed gives the same numbers, to the last bit, on the same machine. The encoder, the
    graph and the generators of torch, numpy and Python that the caller holds stay as they were;
    fits on several threads take turns, because those generators are the process's (what else a
    thread draws from them meanwhile is drawn from the fit's).

    Features of which at most a tenth differ from zero are read by their entries. A step takes no
    more of torch's threads than its work is worth; their number comes back at the end.

    Args:
        task: what to predict and how it is scored.
        encoder: a module, of which a copy is trained, or a function without arguments that
            returns one; of another library too, if its ``forward`` takes the graph, or ``x`` and
            what else it names of one. Either way ``reset_parameters`` draws its weights anew from
            the seed. Where nodes are predicted, one that says why it ``predicts`` by itself, and
            was built without ``out_channels``, is built anew with as many as there are outputs.
        data: the graph, or the set of graphs with its splits. If the encoder has a ``transform``,
            it is applied once (to each graph, or by ``transform_many`` to all). Its tensors are
            constants: nothing that they were computed from is learnt.
        training: optimiser, length and selection; the defaults of :class:`Training` if None.
        split: which column of the masks.
        seed: decides the initial weights and all dropout, 0 to 2**32 - 1.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``.
        progress: called with the epoch and its numbers after every evaluation; True draws a bar.
        keep_model: False saves the copies of the best weights and leaves ``result.model`` None.
        reinitialise: False starts from the weights that the encoder has, pretrained ones say.

    Raises:
        ValueError: bad data (see :func:`gnnlab.check`), an encoder that does not fit the task, a
            loss that is no longer finite.

    Cost:
        a training pass and an evaluation pass over the data each epoch.
    """
    training = Training() if training is None else training
    place, seed = check_device(device), checked_seed(seed)
    _check_kinds(task, data, training)
    check_flag("keep_model", keep_model)
    check_flag("reinitialise", reinitialise)
    with (
        isolated(place),
        torch.inference_mode(False),
        torch.enable_grad(),
        reporting(progress, training.epochs) as report,
    ):
        data = detached(data)
        seed_all(seed, place)
        own, fresh = build(encoder)
        data = with_sparse_features(data, own, place)
        problem = _suited(task, task.setup(data, split), own, data, split)
        own = as_predictor(problem, measured(own, problem, data), keep=not reinitialise)
        warn_of_unread(own, data)
        # Seeded again, so that a module and a function that builds it start from equal weights.
        seed_all(seed, place)
        if reinitialise:
            reset(own, fresh)
        model = problem.model(own).to(place)
        with threads_for(_work(model, problem, data)):
            result = _train(model, problem.to(place), place, training, report, keep_model)
        return replace(result, sparse_features=density(data) < 1)


def _work(model: nn.Module, problem: Problem, data: Any) -> float:
    """Multiplications a step; without end for a task that does not say how large its steps are."""
    step: Any = getattr(problem, "step", None)
    return math.inf if step is None else multiplications(model, step, density(data))


def _train(
    model: Trained,
    problem: Problem,
    device: torch.device,
    training: Training,
    report: Progress,
    keep_model: bool,
) -> Result:
    memory, start = PeakMemory(device), time.perf_counter()
    best = Best(training.select, problem.metric)
    snapshot = Snapshot(model) if keep_model else None
    curve = _loop(model, problem, device, training, report, best, snapshot)
    seconds, peak = time.perf_counter() - start, memory.bytes()
    if snapshot is not None:
        snapshot.restore()
        model.autocast = training.autocast
    return Result(
        valid=best.row.get("valid"),
        test=best.row.get("test"),
        epoch=int(best.row["epoch"]),
        seconds=seconds,
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        peak_memory_bytes=peak,
        metric=problem.metric,
        curve=curve,
        model=model.eval() if keep_model else None,
        others={name: best.row[name] for name in curve.others},
    )


def _loop(
    model: Trained,
    problem: Problem,
    device: torch.device,
    training: Training,
    report: Progress,
    best: Best,
    snapshot: Snapshot | None,
) -> Curve:
    """Take the steps, evaluate after them, and return the curve."""
    optimizer = make_optimizer(model, training)
    schedule = Schedule(optimizer, training, problem.metric)
    autocast = partial(
        torch.autocast, device.type, torch.bfloat16, enabled=training.autocast == "bf16"
    )
    curve, first = Curve(), FirstStep()
    for epoch in range(1, training.epochs + 1):
        losses = []
        for batch in problem.batches():
            with autocast():
                loss = problem.loss(model.train(), batch)
            _step(model, loss, optimizer, training.grad_clip)
            first.see(loss, model)
            losses.append(loss.detach())
        schedule.step()
        if epoch % training.evaluate_every and epoch != training.epochs:
            continue
        # Not inference_mode: what a layer caches here must still serve the next training step.
        with torch.no_grad(), autocast():
            loss = torch.stack(losses).mean()
            row = {"epoch": epoch, "loss": float(loss), **problem.evaluate(model.eval())}
        first.check(row, training)
        schedule.see(row)
        curve.append(epoch, row)
        if best.improves(row) and snapshot is not None:
            snapshot.save()
        report(epoch, dict(row))  # a copy: what hears of the numbers cannot change them
        if should_stop(training, curve, best):
            break
    return curve


def _step(
    model: nn.Module, loss: Tensor, optimizer: torch.optim.Optimizer, grad_clip: float | None
) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    if grad_clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
    optimizer.step()


def _suited(task: Task, problem: Problem, encoder: nn.Module, data: Any, split: int) -> Problem:
    """The problem on data that the encoder's ``transform`` has seen, if it has one."""
    own: Any = getattr(problem, "suited", None)
    if callable(own):
        suited: Problem = own(encoder)
        return suited
    if declared(encoder).transforms():
        return task.setup(detached(_transformed(data, encoder)), split)
    return problem


def _transformed(data: Any, encoder: nn.Module) -> Any:
    """Apply an encoder's transform to copies; the caller's graphs stay as they are."""
    from torch_geometric.data.data import BaseData

    own = declared(encoder)
    if isinstance(data, BaseData):
        return own.transform(copy(data))
    return data.with_graphs(own.transform_many(data))


def _check_kinds(task: Any, data: Any, training: Any) -> None:
    if isinstance(task, ListedTask) and not task.trains:
        raise ValueError(
            f"{described(task)} trains no encoder, so there is nothing to fit: call its "
            "solve(data, split, seed)"
        )
    if isinstance(task, type) or not callable(getattr(task, "setup", None)):
        told = described(task)
        raise ValueError(f"task is {told}, but a task is needed, such as NodeClassification()")
    if isinstance(data, nn.Module):
        raise ValueError(
            f"data is {described(data)}, a module: fit takes the task, the encoder and the data, "
            "in this order"
        )
    if not isinstance(training, Training):
        raise ValueError(
            f"training is {shown(training)}, but settings are needed: Training(lr=...)"
        )
