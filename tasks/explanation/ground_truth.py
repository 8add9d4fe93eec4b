"""Ground truth of explanations: the area under the ROC curve of a mask of edges."""

from __future__ import annotations

import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_count
from gnnlab.tasks.explanation.computation_graph import hops_from
from gnnlab.tasks.explanation.explanation import Explanation


def edge_auc(explanation: Explanation, truth: Tensor, hops: int | None = None) -> float:
    """Return how often an edge that matters is ranked before one that does not; ties count half.

    Average it over nodes: pooled over nodes it is another number, by which papers differ.

    Args:
        explanation: with a mask of edges.
        truth: (E,) bool, the edges that matter.
        hops: judge edges alone both of whose ends are within so many hops of the node (or of the
            link's ends), taken both ways; None judges all.

    Raises:
        ValueError: ``truth`` of another shape, or all edges alike in it.

    Cost:
        O(E log E).

    Example:
        >>> from gnnlab.datasets import ba_shapes
        >>> data = ba_shapes(splits=1)
        >>> own = data.edge_mask & (data.node_motif[data.edge_index[0]] == data.node_motif[400])
        >>> edge_auc(Explanation(own.float(), None, data, node=400), own, hops=3)
        1.0
    """
    mask = explanation.edges()
    if not isinstance(truth, Tensor) or truth.dtype != torch.bool or truth.shape != mask.shape:
        raise ValueError(
            f"truth is {described(truth)}, but it says of each of the {len(mask)} edges whether it "
            "matters: give a boolean tensor of that shape"
        )
    judged = torch.ones_like(truth)
    if hops is not None:
        check_count("hops", hops)
        judged = near(explanation, hops)
    good, bad = mask[judged & truth], mask[judged & ~truth]
    if not len(good) or not len(bad):
        raise ValueError(
            f"truth holds {len(good)} edges that matter and {len(bad)} that do not among those "
            "judged, but both are needed: judge more edges or another node"
        )
    before = (good[:, None] > bad).double() + (good[:, None] == bad).double() / 2
    return float(before.mean())


def near(explanation: Explanation, hops: int) -> Tensor:
    """Which edges lie within so many hops of what is explained, (E,); all of a whole graph's."""
    data = explanation.data
    index: Tensor = data.edge_index
    roots = explanation.pair or (() if explanation.node is None else (explanation.node,))
    if not roots:
        return torch.ones(index.shape[1], dtype=torch.bool)
    away = hops_from(index, data.num_nodes or 0, list(roots))
    return (away[index[0]] <= hops) & (away[index[1]] <= hops)
