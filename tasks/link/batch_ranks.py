"""Ranks of true links among candidates, for many graphs of a batch in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from gnnlab.tasks.metrics.ranks import Against

Rows = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps nodes (R,), in ascending order, where their graph begins, and how many nodes it has, to the
scores of each with all nodes of its graph, one row after the other."""


def by_pairs(score: Callable[[Tensor], Tensor]) -> Rows:
    """Score rows pair by pair, by what maps pairs (2, Q) to scores (Q,)."""

    def rows(heads: Tensor, begin: Tensor, size: Tensor) -> Tensor:
        owner, column = _spread(size)
        return score(torch.stack([heads[owner], begin[owner] + column]))

    return rows


def by_products(states: Tensor) -> Rows:
    """Score rows by dot products, one product of matrices a graph.

    They are summed in double precision and rounded after it: a library's order of summation, which
    may differ from column to column, would tell apart nodes whose states are equal.

    Shapes:
        states (N, H)
    """
    wide = states.double()

    def rows(heads: Tensor, begin: Tensor, size: Tensor) -> Tensor:
        starts, counts = torch.unique_consecutive(begin, return_counts=True)
        nodes = size[counts.cumsum(0) - counts]
        graphs = zip(
            torch.split(heads, counts.tolist()), starts.tolist(), nodes.tolist(), strict=True
        )
        blocks = [(wide[own] @ wide[low : low + many].T).flatten() for own, low, many in graphs]
        return torch.cat(blocks).to(states.dtype)

    return rows


def batch_ranks(
    rows: Rows,
    pairs: Tensor,
    batch: Tensor,
    ptr: Tensor,
    against: Iterable[Against],
    chunk: int = 1 << 17,
) -> dict[Against, Tensor]:
    """Return what :func:`gnnlab.tasks.rank_metrics.ranks` gives graph by graph.

    The row of a first node, its scores with all nodes of its graph, is computed once for all of its
    partners, and so many rows together that about ``chunk`` ranks are compared at a time.

    Args:
        rows: scores of nodes with all of their graph: :func:`by_pairs`, :func:`by_products`.
        pairs: the true pairs (u, v), each within one graph, and each once.
        batch: the graph of each node; graphs lie one after the other.
        ptr: where each graph's nodes begin, and where the last ones end.
        against: whom v is ranked against for u: one entry of the result each.

    Shapes:
        pairs (2, P) int64, batch (N,), ptr (B + 1,) -> (P,) float64 each

    Raises:
        ValueError: scores that are nan.

    Cost: O(sum of n) scores over the first nodes, O(sum of n) comparisons over the pairs, with n
    the nodes of the pair's graph.
    """
    found = {kind: torch.ones(pairs.shape[1], dtype=torch.float64) for kind in against}
    heads, row, partners = torch.unique(pairs[0], return_inverse=True, return_counts=True)
    work = ptr.diff()[batch[heads]] * partners
    group = ((work.cumsum(0) - work) // chunk)[row]  # a row's pairs stay together
    order = group.argsort(stable=True)
    counts = torch.unique_consecutive(group[order], return_counts=True)[1].tolist()
    for mine in torch.split(order, counts):
        ranks = _ranks(rows, pairs[:, mine], batch, ptr, found)
        for kind, own in ranks.items():
            found[kind][mine.cpu()] = own.cpu()
    return found


def graph_means(ranks: Tensor, pairs: Tensor, batch: Tensor, graphs: int) -> Tensor:
    r"""Return the mean reciprocal rank of every graph of a batch, nan where it has no true pair.

    .. math:: \frac{1}{P_g} \sum_{(u, v) \in g} 1 / r_{uv}

    Shapes:
        ranks (P,) on the CPU, pairs (2, P), batch (N,) -> (graphs,) float64
    """
    owner = batch[pairs[0]].cpu()
    total = owner.bincount(ranks.reciprocal(), minlength=graphs)
    return total / owner.bincount(minlength=graphs)


def over_graphs(means: Tensor, against: Against) -> float:
    """Return the mean over graphs; one without a true pair is 0 in ``raw``, and left out else.

    Shapes:
        means (G,), nan where there is no true pair

    Source:
        The code of Tönshoff et al., "Where Did the Gap Go? Reassessing the Long-Range Graph
        Benchmark", TMLR 2024 (https://arxiv.org/abs/2309.00367), which weighs a batch's mean by its
        labelled pairs; here every graph counts once.
    """
    return float(means.nan_to_num(0.0).mean() if against == "raw" else means.nanmean())


def _ranks(
    rows: Rows, pairs: Tensor, batch: Tensor, ptr: Tensor, against: Iterable[Against]
) -> dict[Against, Tensor]:
    """The ranks of some rows' pairs."""
    heads, row = torch.unique(pairs[0], return_inverse=True)
    begin = ptr[batch[heads]]
    size = ptr[batch[heads] + 1] - begin
    start = size.cumsum(0) - size  # of each row among the cells of all
    scores = rows(heads, begin, size).detach()
    if bool(scores.isnan().any()):
        raise ValueError("scores hold nan, so there is no order among them: did training diverge?")
    place = start[row] + pairs[1] - begin[row]
    pair, column = _spread(size[row])
    rival = start[row][pair] + column
    theirs, own = scores[rival], scores[place][pair]
    stranger = torch.ones_like(scores, dtype=torch.bool)
    stranger[place] = False
    beside = stranger.clone()  # and no node itself
    beside[start + heads - begin] = False
    kept: dict[Against, Tensor] = {
        "raw": rival != place[pair],
        "filtered": stranger[rival],
        "extended": beside[rival],
    }
    found = {}
    for kind in against:
        above = pair[(theirs > own) & kept[kind]].bincount(minlength=pairs.shape[1])
        level = pair[(theirs == own) & kept[kind]].bincount(minlength=pairs.shape[1])
        found[kind] = 1 + above.double() + level.double() / 2
    return found


def _spread(sizes: Tensor) -> tuple[Tensor, Tensor]:
    """Number things that come in so many each: whose each is, and which of its own."""
    owner = torch.repeat_interleave(sizes)
    return owner, torch.arange(len(owner), device=owner.device) - (sizes.cumsum(0) - sizes)[owner]
