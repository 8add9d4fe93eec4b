"""LSTM steps, each as one autograd function around a device's kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gnnlab.ops.backends.reference import lstm as reference
from gnnlab.ops.backends.table import Kernels
from gnnlab.ops.base.function import keep, kept


class LSTMStep(torch.autograd.Function):
    """(h, c, acts) from the old c and the terms of the gates.

    ``acts``, the gates behind their nonlinearities, is a result so that second derivatives lead
    through it: the terms, four times as wide as the state, need not be kept.
    """

    @staticmethod
    def forward(
        ctx: Any, old: Tensor | None, kernels: Kernels, *terms: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.kernels = kernels
        h, c, acts = kernels.lstm.step(terms, old)
        keep(ctx, acts, c, old)
        return h, c, acts

    @staticmethod
    def backward(
        ctx: Any, grad_h: Tensor | None, grad_c: Tensor | None, grad_acts: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        acts, c, old = kept(ctx)
        wanted = ctx.needs_input_grad[2:]
        if grad_acts is not None or torch.is_grad_enabled():
            zeros = [torch.zeros_like(c) if grad is None else grad for grad in (grad_h, grad_c)]
            grad, grad_old = _formula(zeros[0], zeros[1], grad_acts, acts, c, old)
        else:
            grad, grad_old = ctx.kernels.lstm.grad(grad_h, grad_c, acts, c, old)
        return grad_old, None, *(grad if want else None for want in wanted)


def _formula(
    grad_h: Tensor, grad_c: Tensor, grad_acts: Tensor | None, acts: Tensor, c: Tensor,
    old: Tensor | None,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """What the gates and the old c receive, in operations that can be differentiated again."""
    i, f, g, o = acts.chunk(4, dim=1)
    spread = torch.tanh(c)
    total = grad_h * o * (1 - spread**2) + grad_c
    forgotten = torch.zeros_like(f) if old is None else total * old
    above = torch.cat([total * g, forgotten, total * i, grad_h * spread], dim=1)
    if grad_acts is not None:
        above = above + grad_acts
    slopes = torch.cat([i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)], dim=1)
    return above * slopes, None if old is None else total * f


def lstm_step(kernels: Kernels, terms: Sequence[Tensor], c: Tensor | None) -> tuple[Tensor, Tensor]:
    """A step in one pass where there are kernels for its numbers."""
    if kernels.why_not("lstm", terms, c) is not None:
        return reference.lstm_step(terms, c)
    h, new, _ = LSTMStep.apply(c, kernels, *terms)  # type: ignore[no-untyped-call]
    return h, new
