"""Training loop: steps, evaluations and the choice of the epoch, from the start or a checkpoint."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.tasks.contract import Problem, Trained
from gnnlab.tasks.saved.weights import state_of
from gnnlab.tasks.training.curve import Curve
from gnnlab.tasks.training.finite import FirstStep
from gnnlab.tasks.training.generators import generator_states, set_generators
from gnnlab.tasks.training.interrupt import held_interrupts
from gnnlab.tasks.training.optimizer import make_optimizer
from gnnlab.tasks.training.optimizer_state import optimizer_state, set_optimizer
from gnnlab.tasks.training.progress import Progress
from gnnlab.tasks.training.schedule import Schedule
from gnnlab.tasks.training.selection import Best, Snapshot, should_stop
from gnnlab.tasks.training.settings import Training

Table = dict[str, Any]


class Loop:
    """A training at some epoch: all that its further course depends on.

    Args:
        model: trained in place.
        problem: on the same device.
        keep_model: whether copies of the best weights are kept.
    """

    def __init__(
        self,
        model: Trained,
        problem: Problem,
        device: torch.device,
        training: Training,
        keep_model: bool,
    ) -> None:
        self.model, self.problem, self.training, self.device = model, problem, training, device
        self.optimizer = make_optimizer(model, training)
        self.schedule = Schedule(self.optimizer, training, problem.metric)
        self.best = Best(training.select, problem.metric)
        self.snapshot = Snapshot(model) if keep_model else None
        self.curve, self.first = Curve(), FirstStep()
        self.epoch, self.over = 0, False
        self.autocast = partial(
            torch.autocast, device.type, torch.bfloat16, enabled=training.autocast == "bf16"
        )

    @property
    def done(self) -> bool:
        """Whether there is nothing left to train."""
        return self.over or self.epoch >= self.training.epochs

    def advance(self, report: Progress) -> None:
        """Train one epoch, and evaluate after it where that is due."""
        epoch, training, losses = self.epoch + 1, self.training, []
        for batch in self.problem.batches():
            with self.autocast():
                loss = self.problem.loss(self.model.train(), batch)
            self._step(loss)
            self.first.see(loss, self.model)
            losses.append(loss.detach())
        self.schedule.step()
        if epoch % training.evaluate_every == 0 or epoch == training.epochs:
            self._evaluate(epoch, torch.stack(losses).mean(), report)
        self.epoch = epoch

    def _step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.training.grad_clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.training.grad_clip)
        self.optimizer.step()

    def _evaluate(self, epoch: int, loss: Tensor, report: Progress) -> None:
        # Not inference_mode: what a layer caches here must still serve the next training step.
        with torch.no_grad(), self.autocast():
            scores = self.problem.evaluate(self.model.eval())
            row = {"epoch": epoch, "loss": float(loss), **scores}
        self.first.check(row, self.training)
        self.schedule.see(row)
        with held_interrupts():  # between them, weights and numbers would not be of one epoch
            if self.best.improves(row) and self.snapshot is not None:
                self.snapshot.save()
            self.curve.append(epoch, row)
        # A copy: what hears of the numbers cannot change them.
        asked = report(epoch, dict(row)) is True
        self.over = asked or should_stop(self.training, self.curve, self.best)

    def state(self) -> tuple[dict[str, Tensor], Table]:
        """Return the state: tensors by name, and what JSON holds."""
        tensors, told = optimizer_state(self.optimizer)
        states, drawn = generator_states(self.device)
        kept = {} if self.snapshot is None else self.snapshot.kept
        tensors |= {f"model {name}": one for name, one in state_of(self.model).items()}
        tensors |= {f"best {name}": one for name, one in kept.items()}
        tensors |= {f"generator {name}": one for name, one in states.items()}
        finite = self.first.finite
        return tensors, {
            "epoch": self.epoch,
            "over": self.over,
            "optimizer": told,
            "generators": drawn,
            "schedule": self.schedule.state(),
            "best": self.best.row,
            "kept": self.snapshot is not None,
            "curve": vars(self.curve),
            "first_finite": None if finite is None else bool(finite),
            "untrained": getattr(self.model, "untrained", None),
        }

    def restore(self, tensors: dict[str, Tensor], told: Table) -> bool:
        """Go to where another training of the same settings was, and return whether that is done.

        One that kept no weights of its best epoch is of no use where these are asked for.
        """
        if self.snapshot is not None and not told["kept"]:
            return False
        self.model.load_state_dict(_part(tensors, "model"))
        if told["curve"]["epoch"]:  # what the first evaluation prepares, it may draw numbers for
            with torch.no_grad(), self.autocast():
                self.problem.evaluate(self.model.eval())
        if self.snapshot is not None:
            self.snapshot.put(_part(tensors, "best"))
        set_optimizer(self.optimizer, tensors, told["optimizer"])
        self.schedule.put(told["schedule"])
        self.epoch, self.over, self.best.row = told["epoch"], told["over"], told["best"]
        self.curve = Curve(**told["curve"])
        finite = told["first_finite"]
        self.first.finite = None if finite is None else torch.tensor(finite)
        if hasattr(self.model, "untrained"):
            self.model.untrained = told["untrained"]
        set_generators(_part(tensors, "generator"), told["generators"], self.device)
        return True


def _part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors under one heading, without it."""
    start = f"{name} "
    return {key.removeprefix(start): one for key, one in tensors.items() if key.startswith(start)}
