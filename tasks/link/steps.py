"""How many links a step of training takes, and what that leaves of the graph to read."""

from __future__ import annotations

import math
import warnings
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from gnnlab.core.arguments import check_count, check_number
from gnnlab.structure.graphs.graph import among
from gnnlab.structure.graphs.pair_keys import pair_keys

if TYPE_CHECKING:
    from gnnlab.tasks.link.one_graph import LinkProblem

SHARE_A_STEP = 0.1
"""Of the links that are learnt from, where the task does not say.

On Cora and CiteSeer a tenth scores as high as smaller shares do, and higher than larger ones:
a step then leaves nine tenths of the graph to read, and an evaluation reads all of it.
"""
MOST_A_STEP = 1 << 16
"""Links that a share comes to at most: each takes memory in the head."""


def check_batch_size(value: int | float) -> None:
    """Refuse what is neither a number of links nor a share of them.

    Raises:
        ValueError: with the value.
    """
    if isinstance(value, Integral) or isinstance(value, bool):
        check_count("batch_size", value)
        return
    check_number("batch_size", value)
    if not 0 < value < 1:
        raise ValueError(
            f"batch_size is {value}, but it is a whole number of at least 1, or a share of the "
            "links between 0 and 1"
        )


def links_a_step(batch_size: int | float | None, count: int) -> int:
    """Return how many of ``count`` links a step takes: the number itself, or that share of them."""
    size = SHARE_A_STEP if batch_size is None else batch_size
    if not isinstance(size, Integral):
        # 0.1 of 30 is 3.0000000000000004 in binary, which is three.
        size = min(math.ceil(round(size * count, 6)), MOST_A_STEP)
    return max(1, min(int(size), count))


def check_what_is_left(problem: LinkProblem) -> None:
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


def _what(problem: LinkProblem) -> str:
    if problem.apart:
        return f"supervision={problem.task.supervision}"
    return f"a step of {links_a_step(problem.task.batch_size, len(problem.columns)):,} links"


def _way_out(problem: LinkProblem) -> str:
    count = len(problem.columns)
    if problem.apart:
        return "take a smaller share, or a larger graph"
    if links_a_step(None, count) < links_a_step(problem.task.batch_size, count):
        return f"leave batch_size out, which takes {links_a_step(None, count):,} links a step"
    return "take a larger graph"


def _joined_and_gone(problem: LinkProblem) -> tuple[int, int]:
    """Pairs of nodes that the graph joins, and how many of them a step does not read."""
    nodes = problem.split.num_nodes
    # Of links that are set apart, those that evaluation reads.
    edges = problem.graphs.valid.edge_index.cpu().numpy()
    keys = np.unique(pair_keys(edges[:, edges[0] != edges[1]], nodes))
    learnt = problem.split.train_positive[:, problem.columns.cpu()].numpy()
    inside = int(among(keys, np.unique(pair_keys(learnt, nodes))).sum())
    count = learnt.shape[1]
    size = count if problem.apart else links_a_step(problem.task.batch_size, count)
    return len(keys), math.ceil(inside * size / count)
