"""Train an encoder on a task and keep the epoch that validation prefers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .memory import PeakMemory
from .model import Model
from .node import NodeClassification, NodeProblem
from .optimizer import make_optimizer
from .seed import build, isolated, reset, seed_all
from .training import Training

if TYPE_CHECKING:
    from torch_geometric.data import Data

Encoder = nn.Module | Callable[[], nn.Module]
Progress = Callable[[int, dict[str, float]], None]
CURVE = ("epoch", "train_loss", "valid_loss", "valid", "test")


@dataclass(frozen=True)
class Result:
    """What a training run came to.

    Args:
        valid: the metric on validation at the kept epoch, a fraction.
        test: the metric on test at that same epoch, a fraction.
        epoch: the kept epoch, counted from 1: the weights after that many steps.
        seconds: wall time of training and evaluation, without preparing the data.
        parameters: number of trainable numbers in encoder and head.
        peak_memory_bytes: see :class:`gnnlab.tasks.memory.PeakMemory`.
        metric: the name of the metric.
        curve: lists of equal length, one entry an evaluated epoch: ``epoch``, ``train_loss`` (of
            the step that led to it), ``valid_loss``, ``valid``, ``test``.
        model: encoder and head with the weights of the kept epoch, in eval mode; None if not kept.
    """

    valid: float
    test: float
    epoch: int
    seconds: float
    parameters: int
    peak_memory_bytes: int
    metric: str
    curve: dict[str, list[float]] = field(repr=False)
    model: Model | None = field(repr=False, compare=False)


def fit(
    task: NodeClassification,
    encoder: Encoder,
    data: Data,
    training: Training | None = None,
    split: int = 0,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: Progress | bool | None = None,
    *,
    keep_model: bool = True,
    reinitialise: bool = True,
) -> Result:
    """Train on the full batch, evaluate after every step, keep the epoch best on validation.

    The same seed gives the same numbers, to the last bit, on the same machine. The encoder, the
    graph and the generators of torch, numpy and Python that the caller holds stay as they were.

    Args:
        task: what to predict and how it is scored.
        encoder: a module, of which a copy is trained, or a function without arguments that
            returns one. Either way ``reset_parameters`` draws its weights anew from the seed.
        data: the graph. If the encoder has a ``transform``, it is applied once.
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
        a training pass and an evaluation pass over the graph each epoch.
    """
    training = Training() if training is None else training
    place = _device(device)
    _check_seed(seed)
    problem = task.setup(data, split)
    with isolated(place):
        seed_all(seed, place)
        own, fresh = build(encoder)
        _check_level(own)
        if hasattr(own, "transform"):
            transformed = own.transform(copy(data))
            problem = task.setup(transformed, split)
        # Seeded again, so that a module and a function that builds it start from equal weights.
        seed_all(seed, place)
        if reinitialise:
            reset(own, fresh)
        model = Model(own, problem.outputs(own)).to(place)
        return _train(model, problem.to(place), training, _progress(progress, training), keep_model)


def _train(
    model: Model,
    problem: NodeProblem,
    training: Training,
    progress: Progress | None,
    keep_model: bool,
) -> Result:
    device = problem.labels.device
    optimizer = make_optimizer(model, training)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, training.factor)
    curve: dict[str, list[float]] = {name: [] for name in CURVE}
    best, state = _Best(training), _State(model) if keep_model else None
    memory, start = PeakMemory(device), time.perf_counter()
    for epoch in range(1, training.epochs + 1):
        loss = _step(model, problem, training, optimizer)
        schedule.step()
        if epoch % training.evaluate_every and epoch != training.epochs:
            continue
        row = {"epoch": epoch, "train_loss": float(loss), **_evaluate(model, problem, training)}
        _check_finite(row, training)
        for name in CURVE:
            curve[name].append(row[name])
        if best.improves(row) and state is not None:
            state.save()
        if progress is not None:
            progress(epoch, row)
        if training.patience is not None and epoch - best.row["epoch"] >= training.patience:
            break
    seconds, peak = time.perf_counter() - start, memory.bytes()
    if state is not None:
        state.restore()
    return Result(
        valid=best.row["valid"],
        test=best.row["test"],
        epoch=int(best.row["epoch"]),
        seconds=seconds,
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        peak_memory_bytes=peak,
        metric=problem.metric,
        curve=curve,
        model=model.eval() if keep_model else None,
    )


def _step(
    model: Model, problem: NodeProblem, training: Training, optimizer: torch.optim.Optimizer
) -> Tensor:
    model.train()
    with _autocast(problem, training):
        loss = problem.loss(model)
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    if training.grad_clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), training.grad_clip)
    optimizer.step()
    return loss.detach()


def _evaluate(model: Model, problem: NodeProblem, training: Training) -> dict[str, float]:
    model.eval()
    # Not inference_mode: what a layer caches here must still serve the next training step.
    with torch.no_grad(), _autocast(problem, training):
        return problem.evaluate(model)


def _autocast(problem: NodeProblem, training: Training) -> torch.autocast:
    enabled = training.autocast == "bf16"
    return torch.autocast(problem.labels.device.type, dtype=torch.bfloat16, enabled=enabled)


class _Best:
    """The first evaluated epoch that no other beats on validation."""

    def __init__(self, training: Training) -> None:
        self.select = training.select
        self.row: dict[str, float] = {}

    def improves(self, row: dict[str, float]) -> bool:
        if self.row and self._score(row) <= self._score(self.row):
            return False
        self.row = row
        return True

    def _score(self, row: dict[str, float]) -> float:
        return row["valid"] if self.select == "metric" else -row["valid_loss"]


class _State:
    """A copy of a model's weights and buffers, into which better ones are written."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.kept = {name: value.clone() for name, value in model.state_dict().items()}

    def save(self) -> None:
        for name, value in self.model.state_dict().items():
            self.kept[name].copy_(value)

    def restore(self) -> None:
        self.model.load_state_dict(self.kept)


def _check_finite(row: dict[str, float], training: Training) -> None:
    for name in ("train_loss", "valid_loss"):
        if not math.isfinite(row[name]):
            raise ValueError(
                f"{name} became {row[name]} at epoch {int(row['epoch'])} with lr={training.lr}: "
                "lower lr, set grad_clip, or look at the scale of the features"
            )


def _check_level(encoder: nn.Module) -> None:
    level = getattr(encoder, "level", "node")
    if level != "node":
        raise ValueError(
            f"{type(encoder).__name__}.level is {level!r}, but node classification needs one row "
            "a node: take an encoder of level 'node'"
        )


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}, but it must be a whole number from 0 to 2**32 - 1")


def _device(device: str | torch.device) -> torch.device:
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device is {device!r}, which torch does not know: use 'cpu' or 'cuda'"
        ) from error
    if place.type == "cuda" and (place.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device is {str(device)!r}, but torch sees {torch.cuda.device_count()} CUDA devices "
            "here: use device='cpu', or install a CUDA build of torch"
        )
    return place


def _progress(progress: Progress | bool | None, training: Training) -> Progress | None:
    if progress is None or progress is False:
        return None
    if progress is not True:
        return progress
    from tqdm.auto import tqdm

    bar = tqdm(total=training.epochs, unit="epoch")

    def advance(epoch: int, row: dict[str, float]) -> None:
        bar.set_postfix(valid=f"{row['valid']:.4f}", loss=f"{row['train_loss']:.4f}")
        bar.update(epoch - bar.n)

    return advance
