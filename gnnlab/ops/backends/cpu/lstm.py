"""LSTM steps of many cells by compiled loops."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gnnlab.kernels.arrays import Array, array
from gnnlab.kernels.memory import empty, empty_like
from gnnlab.kernels.threads import over_items
from gnnlab.ops.backends.cpu.loops import lstm as lstm_rows

MOST = 4
"""Terms that one kernel adds up."""
COST = 64
"""What a number of the state costs, in numbers that are read or written."""


def why_not(terms: Sequence[Tensor], c: Tensor | None) -> str | None:
    """Why the functions below do not read such terms; None where they do."""
    kind = terms[0].dtype
    return None if kind is torch.float32 else f"the terms are {kind}, and float32 is read"


def step(terms: Sequence[Tensor], c: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """h and the new c (P, H), and the gates (P, 4 H) behind their nonlinearities."""
    *first, last = terms[:MOST]
    for more in terms[MOST:]:
        last = last + more
    acts = empty_like(terms[0])
    rows, width = acts.shape[0], acts.shape[1] // lstm_rows.GATES
    h, new = (empty((rows, width), acts.dtype) for _ in range(2))
    read: list[Array | None] = [array(term) for term in (*first, last)]
    read += [None] * (MOST - len(read))
    out = [array(table) for table in (h, new, acts)]
    over_items(lstm_rows.step_rows, rows, rows * width * COST, *out, *read, _of(c))
    return h, new, acts


def grad(
    grad_h: Tensor | None, grad_c: Tensor | None, acts: Tensor, c: Tensor, old: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """What the gates receive, and the c before the step."""
    gates = empty_like(acts)
    grad_old = None if old is None else empty_like(old)
    # The first table tells the kernel how wide the state is.
    out = array(c if grad_old is None else grad_old), array(gates)
    read = _of(grad_h), _of(grad_c), array(acts), array(c), _of(old)
    over_items(lstm_rows.grad_rows, c.shape[0], c.numel() * COST, *out, *read)
    return gates, grad_old


def _of(table: Tensor | None) -> Array | None:
    return None if table is None else array(table)
