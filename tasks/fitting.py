"""Fitting: training of an encoder on a task, which keeps the epoch that is best on validation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.devices import check_device
from gnnlab.core.arguments import check_flag
from gnnlab.tasks.contract import Problem, Task, Trained, as_predictor
from gnnlab.tasks.loop import Loop
from gnnlab.tasks.preparing import check_kinds, suited
from gnnlab.tasks.saved.identity import identity_of
from gnnlab.tasks.saved.of_result import predictor_of, save_result
from gnnlab.tasks.saved.origin import Origin, inputs_of, said_by
from gnnlab.tasks.saved.prediction import Prediction
from gnnlab.tasks.saved.predictor import Predictor
from gnnlab.tasks.shared.detached import detached
from gnnlab.tasks.shared.unread import warn_of_unread
from gnnlab.tasks.training.checkpoint import Checkpoint, Checkpoints
from gnnlab.tasks.training.curve import Curve
from gnnlab.tasks.training.foreign import measured
from gnnlab.tasks.training.interrupt import Interrupt, check_interrupt, returns, warn_of_interrupt
from gnnlab.tasks.training.peak_memory import PeakMemory
from gnnlab.tasks.training.progress import Progress, reporting
from gnnlab.tasks.training.result_plot import plot_result
from gnnlab.tasks.training.seed import build, checked_seed, isolated, reset, seed_all
from gnnlab.tasks.training.settings import Training
from gnnlab.tasks.training.shown_result import as_html, brief
from gnnlab.tasks.training.sparse_reading import density, with_sparse_features
from gnnlab.tasks.training.spent import Spent
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
        origin: the task, the settings and what the data looked like.
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
    origin: Origin | None = field(default=None, repr=False, compare=False)

    @property
    def predictor(self) -> Predictor:
        """The model, to be asked about graphs.

        Raises:
            ValueError: none was kept.
        """
        return predictor_of(self)

    def predict(self, data: Any, pairs: Tensor | Sequence[Tensor] | None = None) -> Prediction:
        """Predict for nodes, graphs or pairs; see :meth:`Predictor.predict`."""
        return self.predictor.predict(data, pairs)

    def embed(self, data: Any) -> Tensor:
        """Return the states that the head reads; see :meth:`Predictor.embed`."""
        return self.predictor.embed(data)

    def save(
        self,
        path: str | Path,
        *,
        before: Sequence[Any] = (),
        run: Mapping[str, Any] | None = None,
    ) -> Path:
        """Save the model into a folder, for :func:`gnnlab.load`.

        The folder holds ``model.safetensors``, ``model.json`` and ``README.md``, a model card; it
        is written whole or not at all, and takes the place of a model that was there.

        Args:
            path: the folder.
            before: what the data went through before they were handed to ``fit``: transforms, such
                as a rewiring, that ``predict`` applies to graphs without types of edges.
            run: settings to be kept beside it, as JSON holds them.

        Raises:
            ValueError: no model was kept, or a part of it cannot be built again.
        """
        return save_result(self, path, before, run or {})

    def __repr__(self) -> str:
        return brief(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def plot(self, axes: Sequence[Any] | None = None) -> tuple[Any, ...]:
        """Draw loss and score by epoch, the kept epoch marked, and return the axes.

        Args:
            axes: two of matplotlib's, or one where nothing is scored; new ones if None.

        Raises:
            ValueError: nothing was trained, or another number of axes.
            ImportError: matplotlib is not installed.
        """
        return plot_result(self.curve, self.epoch, self.metric, axes)


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
    checkpoint: str | Path | Checkpoint | None = None,
    every: int = 10,
    interrupt: Interrupt = "auto",
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
        progress: called with the epoch and its numbers after every evaluation; the training ends
            where it returns True. True in its place draws a bar.
        keep_model: False saves the copies of the best weights and leaves ``result.model`` None.
        reinitialise: False starts from the weights that the encoder has, pretrained ones say.
        checkpoint: a folder of this training's own, in which its state is kept as it goes. The same
            call, made again after a kill at whatever moment, goes on from there and comes to the
            same bits; one that had ended is answered at once.
        every: epochs between two checkpoints.
        interrupt: what Ctrl-C does: ``raise``, or ``return`` the result so far, with a warning;
            ``auto`` returns it in a notebook or at a prompt and raises elsewhere.

    Raises:
        ValueError: bad data (see :func:`gnnlab.check`), an encoder that does not fit the task, a
            loss that is no longer finite, a checkpoint of other settings.

    Cost:
        a training pass and an evaluation pass over the data each epoch.
    """
    training = Training() if training is None else training
    place, seed = check_device(device), checked_seed(seed)
    check_kinds(task, data, training)
    check_flag("keep_model", keep_model)
    check_flag("reinitialise", reinitialise)
    kept = (
        checkpoint if isinstance(checkpoint, Checkpoint | None) else Checkpoint(checkpoint, every)
    )
    check_interrupt(interrupt)
    with (
        isolated(place),
        torch.inference_mode(False),
        torch.enable_grad(),
        reporting(progress, training.epochs) as report,
    ):
        data = given = detached(data)
        seed_all(seed, place)
        own, fresh = build(encoder)
        data = with_sparse_features(data, own, place)
        problem = suited(task, task.setup(data, split), own, data, split)
        own = as_predictor(problem, measured(own, problem, data), keep=not reinitialise)
        warn_of_unread(own, data)
        # Seeded again, so that a module and a function that builds it start from equal weights.
        seed_all(seed, place)
        if reinitialise:
            reset(own, fresh)
        model = problem.model(own).to(place)
        checkpoints = None
        if kept is not None:
            identity = identity_of(task, model, data, training, split, seed)
            checkpoints = Checkpoints(kept, identity)
        origin = Origin(
            task, training, split, seed, said_by(problem, model, data), inputs_of(given, own)
        )
        with threads_for(_work(model, problem, data)):
            loop = Loop(model, problem.to(place), place, training, keep_model)
            result = _train(loop, report, checkpoints, interrupt)
        return replace(result, sparse_features=density(data) < 1, origin=origin)


def _work(model: nn.Module, problem: Problem, data: Any) -> float:
    """Multiplications a step; without end for a task that does not say how large its steps are."""
    step: Any = getattr(problem, "step", None)
    return math.inf if step is None else multiplications(model, step, density(data))


def _train(
    loop: Loop, report: Progress, checkpoints: Checkpoints | None, interrupt: Interrupt
) -> Result:
    """Take the steps and put together what they came to."""
    memory, start, before = PeakMemory(loop.device), time.perf_counter(), Spent()
    if checkpoints is not None and (found := checkpoints.newest()) is not None:
        if loop.restore(*found):
            before = Spent(**found[1]["spent"])
        else:
            checkpoints.clear()

    def spent() -> Spent:
        return before.and_then(time.perf_counter() - start, memory.bytes())

    def kept() -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, told = loop.state()
        return tensors, {**told, "spent": vars(spent())}

    try:
        while not loop.done:
            loop.advance(report)
            if checkpoints is not None:
                checkpoints.see(loop.epoch, loop.done, kept)
    except KeyboardInterrupt:
        if not returns(interrupt) or not len(loop.curve):
            raise
        warn_of_interrupt(loop.curve.epoch[-1], loop.training.epochs)
    return _result(loop, spent())


def _result(loop: Loop, spent: Spent) -> Result:
    model, best, curve = loop.model, loop.best, loop.curve
    if loop.snapshot is not None:
        loop.snapshot.restore()
        model.autocast = loop.training.autocast
    return Result(
        valid=best.row.get("valid"),
        test=best.row.get("test"),
        epoch=int(best.row["epoch"]),
        seconds=spent.seconds,
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        peak_memory_bytes=spent.memory,
        metric=loop.problem.metric,
        curve=curve,
        model=model.eval() if loop.snapshot is not None else None,
        others={name: best.row[name] for name in curve.others},
    )
