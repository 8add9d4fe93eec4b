"""Remaining edges: the edges that a training step leaves to read, with a warning where few."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from torch import Tensor

from gnnlab.structure.graphs.pair_keys import among, pair_keys
from gnnlab.tasks.link.settings import LinkSettings
from gnnlab.tasks.link.splits.parts import LinkParts
from gnnlab.tasks.link.steps import links_a_step


class Learnt(NamedTuple):
    """What a problem learns from.

    Args:
        edges: (2, E), what evaluation reads.
        columns: numbers of the training links that are learnt from.
        apart: whether these are set apart, so that nothing is masked.
    """

    task: LinkSettings
    split: LinkParts
    edges: Tensor
    columns: Tensor
    apart: bool


def check_what_is_left(problem: Learnt) -> None:
    """Warn where a step reads less than half of the edges, and refuse where it reads none.

    What is masked or set apart is missing when training reads the graph and there when it is
    judged: the more of it, the less alike the two.

    Raises:
        ValueError: with the numbers and the way out.
    """
    if not problem.task.mask_targets:
        return
    joined, gone = _joined_and_gone(problem)
    if 2 * gone <= joined:
        return
    told = (
        f"{_what(problem)} takes {gone:,} of the {joined:,} links out that encoder and head read, "
        f"which leaves {joined - gone:,} to training, while evaluation reads all: "
        f"{_way_out(problem)}, or set mask_targets=False, which lets a link be read while it is "
        "predicted"
    )
    if gone >= joined:
        raise ValueError(told)
    warnings.warn(told, stacklevel=5)


def _what(problem: Learnt) -> str:
    if problem.apart:
        return f"supervision={problem.task.supervision}"
    return f"a step of {links_a_step(problem.task.batch_size, len(problem.columns)):,} links"


def _way_out(problem: Learnt) -> str:
    count = len(problem.columns)
    if problem.apart:
        return "take a smaller share, or a larger graph"
    if links_a_step(None, count) < links_a_step(problem.task.batch_size, count):
        return f"leave batch_size out, which takes {links_a_step(None, count):,} links a step"
    return "take a larger graph"


def _joined_and_gone(problem: Learnt) -> tuple[int, int]:
    """Pairs of nodes that the graph joins, and how many of them a step does not read."""
    nodes = problem.split.num_nodes
    # Of links that are set apart, those that evaluation reads.
    edges = problem.edges.cpu().numpy()
    keys = np.unique(pair_keys(edges[:, edges[0] != edges[1]], nodes))
    learnt = problem.split.train_positive[:, problem.columns.cpu()].numpy()
    inside = int(among(keys, np.unique(pair_keys(learnt, nodes))).sum())
    count = learnt.shape[1]
    size = count if problem.apart else links_a_step(problem.task.batch_size, count)
    return len(keys), math.ceil(inside * size / count)
