"""Threads for a training step: fewer where the step has little work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.contracts.nodes import count_nodes

if TYPE_CHECKING:
    from torch_geometric.data import Data

WORK = 2e8
"""Multiplications a step that keep one thread busy: with less, a second one gains nothing."""


class Step(NamedTuple):
    """How large a step is."""

    rows: int
    """Rows that the encoder reads: nodes, or what a structure has more of."""
    edges: int
    predictions: int
    """Rows that the head reads: nodes, graphs or pairs."""


def multiplications(model: nn.Module, step: Step, read: float = 1.0) -> float:
    r"""Estimate a forward pass: every matrix meets every row, every edge carries every state.

    .. math:: N \sum_W |W| + E \sum_W d_{out}(W) + P \sum_{W'} |W'|

    W are the encoder's matrices, W' the head's.

    Args:
        read: the share of the features' entries that are read; the first maps count that much.
    """
    encoder = getattr(model, "encoder", model)
    features = declared(encoder).in_channels
    total, own = 0.0, set(map(id, encoder.parameters()))
    for weight in model.parameters():
        if weight.dim() == 2 and id(weight) not in own:
            total += step.predictions * weight.numel()
        elif weight.dim() == 2:
            share = read if weight.shape[1] == features else 1.0
            total += step.rows * share * weight.numel() + step.edges * weight.shape[0]
    return total


def step_of(graphs: Sequence[Data], batch_size: int = 1, predictions: int | None = None) -> Step:
    """Return how large a step is that reads so many graphs, of which these are a sample.

    Args:
        predictions: rows that the head reads; None for all that the encoder gives.
    """
    rows = edges = 0
    for graph in graphs:
        own = graph.edge_index.shape[1]
        lengths = (_length(name, value) for name, value in graph.to_dict().items())
        # What has a row for each edge is no row that is read, but nodes may be as many as edges.
        others = (length for length in lengths if length != own)
        rows += max([count_nodes(graph), *others])
        edges += own
    share = min(batch_size, len(graphs)) / max(len(graphs), 1)
    rows, edges = round(rows * share), round(edges * share)
    return Step(rows, edges, rows if predictions is None else predictions)


def _length(name: str, value: object) -> int:
    if not isinstance(value, Tensor) or value.dim() == 0:
        return 0
    return value.shape[-1 if "index" in name else 0]


@contextmanager
def threads_for(work: float) -> Iterator[None]:
    """Let torch, and the kernels that run on its threads, use fewer where there is little to do.

    Threads that wait for each other after every small operation win nothing on an idle machine, and
    lose ten times and more on a busy one, where a thread that is waited for may not be running. The
    caller's number comes back at the end.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(int(max(1, min(before, work / WORK))))
    try:
        yield
    finally:
        torch.set_num_threads(before)
