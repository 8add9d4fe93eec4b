"""Link prediction task: which pairs of nodes are joined by an edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gnnlab.contracts.data import check
from gnnlab.contracts.described import refuse_other_graphs
from gnnlab.contracts.nodes import count_nodes
from gnnlab.core.arguments import shown
from gnnlab.structure.graphs.pair_keys import among, pair_keys
from gnnlab.tasks.link import many_graphs as inductive_links
from gnnlab.tasks.link.many_graphs import PairsProblem
from gnnlab.tasks.link.one_graph import LinkProblem, free_pairs
from gnnlab.tasks.link.settings import LinkSettings
from gnnlab.tasks.link.splits.checks import keys_of
from gnnlab.tasks.link.splits.split import LinkSplit
from gnnlab.tasks.link.steps import SHARE_A_STEP
from gnnlab.tasks.metrics import links as link_metrics
from gnnlab.tasks.shared.listed import ListedTask

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs


@dataclass(frozen=True)
class LinkPrediction(LinkSettings, ListedTask):
    r"""Tell the links of one graph, or the true pairs within many, from pairs that are none.

    One graph: the data is a split's message graph, ``LinkSplit.ncn(data, seed).graph(data)``,
    rewired or not. An epoch passes over the training links in batches, in an order drawn from the
    seed; each step minimises

    .. math:: \operatorname{mean}_{+} -\log \sigma(s_{ij})
              + \operatorname{mean}_{-} -\log \sigma(-s_{ij}).

    Many: each graph has pairs of its nodes that are labelled 1 or 0, beside its edges, and the
    masks part the graphs. An epoch passes over the training graphs in mini-batches; each step
    minimises the mean of the same terms over all pairs of a batch. A score is the mean over graphs
    of how high a graph's true pairs rank, see :mod:`gnnlab.tasks.rank_metrics`.

    Args:
        metric: what picks the epoch and is reported. One graph: ``hits@K``, ``mrr``, ``roc_auc`` or
            ``average_precision``; ``filtered_mrr`` leaves negatives out that are links. ``auto`` is
            ``mrr`` where each positive has its own negatives, else ``hits@100``, or ``roc_auc``
            where there are not more than 100. Many: a true pair (u, v) is ranked for u among all
            nodes of the graph (``raw_mrr``), among those that are no partner of u
            (``filtered_mrr``, which is ``auto``), or those of them that are not u itself
            (``extended_mrr``).
        head: what scores a pair: a name (``dot``, ``mlp``, ``ncn``, …), a table of a name and
            settings, or a function that makes a module of the width of the states.
        batch_size: links a step, or a share of the links that are learnt from, which comes to
            65,536 at most; a tenth if None, so that a step leaves most of the graph to read. The
            encoder reads the whole graph for each step. Of many graphs, graphs a step, 64 if None.
        drop_last: of one graph: leave out a last batch that is not full (unless it is the only
            one).
        mask_targets: of one graph: take the links of a step out of the graph that encoder and head
            read, in both directions; a step that leaves fewer than half of the graph's links is
            warned of, and one that leaves none is refused. An encoder that reads what was found in
            the graph beforehand (``maskable`` is False, or its ``transform`` adds something) cannot
            unlearn a link so: for it a share of the training links is set apart, drawn from the
            seed; it learns from these alone, reads the others, and is judged reading all.
        supervision: that share.
        negatives: ``epoch`` draws as many pairs as there are training links anew for every epoch,
            uniformly among those that training does not know to be joined and that join the same
            kinds of nodes (see :class:`LinkSplit`), some again where a dense graph has too few. A
            held-out link may be among them, as one cannot know: leaving them out would tell where
            they are. ``split`` takes ``train_negative``. Of many graphs, ``epoch`` draws two nodes
            that are no partner of u for every true pair (u, v), u itself among them, and reads no
            pair labelled 0; ``split`` takes those.
        also: more metrics to measure; ``result.curve.others`` has them by epoch and
            ``result.others`` at the kept one. :func:`gnnlab.tasks.at_own_best` reads each at the
            epoch that is best for it alone, as the release of Neural Common Neighbor does.
        chunk: pairs that are scored together in evaluation.

    Shapes:
        x (N, F), edge_index (2, E), link_split -> logits (P,); or graphs with x, edge_index,
        edge_label_index (2, P) int64, edge_label (P,) of 0 and 1, and masks (G, S) of the set

    Raises:
        ValueError: an unknown metric or head, a value out of range.
    """

    listed = "link"
    unasked = ("filtered_mrr",)
    splits_links = True

    @classmethod
    def fits(cls, data: Any) -> bool:
        return not isinstance(data, Sequence) or inductive_links.has_pairs(data)

    @classmethod
    def settled(cls, settings: Mapping[str, Any], many: bool) -> dict[str, Any]:
        """Return all settings, those of one graph left out where there are many."""
        if not many:
            return {**settings, "batch_size": settings["batch_size"] or SHARE_A_STEP}
        return inductive_links.settled_settings(cls(**settings))

    def setup(self, data: Data | Graphs, split: int) -> LinkProblem | PairsProblem:
        """Check the data and return what to minimise and to measure.

        Raises:
            ValueError: what :func:`gnnlab.check` finds, data without a split of its links or with
                held-out links among its edges, or a metric that is not defined on the split; of
                many graphs, pairs without labels or a part without a true one.
        """
        if isinstance(data, Sequence):
            return inductive_links.setup(self, data, split)
        if isinstance(data, LinkSplit):
            raise ValueError(
                "a LinkSplit was given, but a model reads its message graph: take split.graph(data)"
            )
        refuse_other_graphs(data)
        own = getattr(data, "link_split", None)
        if not isinstance(own, LinkSplit):
            raise ValueError(
                "data.link_split is missing, and link prediction reads message edges alone: draw a "
                "split of the whole graph and take its graph, LinkSplit.random(data, 0.1, 0.2, "
                "seed=0).graph(data)"
            )
        if isinstance(split, bool) or split != 0:
            raise ValueError(
                f"split is {shown(split)}, but the data holds one split of its links, number 0: "
                "draw another with another seed"
            )
        check(data)
        check_message_graph(data, own)
        metric = settled(cast(str, self.metric), own)
        for name in dict.fromkeys((metric, *self.also)):
            _check_metric(name, own)
        if self.negatives == "split" and not own.train_negative.numel():
            raise ValueError(
                "negatives is 'split', but train_negative is empty: take negatives='epoch'"
            )
        if self.negatives == "epoch":
            _require_free(own)
        return LinkProblem.of(self, data, own, metric)


def check_message_graph(data: Data, split: LinkSplit) -> None:
    """Refuse a graph that holds held-out links, but those that a rewiring has added.

    Raises:
        ValueError: with a link and the way out.
    """
    nodes = count_nodes(data)
    if nodes != split.num_nodes:
        raise ValueError(
            f"data has {nodes} nodes, but its link_split is of a graph of {split.num_nodes}: take "
            "split.graph(data)"
        )
    keys = pair_keys(data.edge_index.cpu().numpy(), nodes)
    message = keys_of(split, ("message_edge_index",))
    known = among(keys, message)
    held = among(keys, split.held_out) & ~known
    if not held.any():
        return
    types = getattr(data, "edge_type", None)
    if types is not None and known.any():
        types = types.cpu().numpy()
        held &= types <= types[known].max()  # what a rewiring adds takes the next numbers
    if held.any():
        first, second = divmod(int(keys[held][0]), nodes)
        raise ValueError(
            f"data.edge_index joins {first} and {second}, which is a held-out link "
            f"({len(np.unique(keys[held]))} in all): take split.graph(data), and rewire after it"
        )


def _require_free(split: LinkSplit) -> None:
    """Refuse to draw negatives where training knows every pair to be joined."""
    if not free_pairs(split).count(split.train_positive.numpy()):
        raise ValueError(
            f"the message edges join all pairs of {split.num_nodes} nodes that could be links, so "
            "there is no negative to draw an epoch: hold more links out, or take a sparser graph"
        )


def settled(metric: str, split: LinkSplit) -> str:
    """The metric's name, ``auto`` decided by the split."""
    if metric != "auto":
        return metric
    if split.valid_negative.dim() == 3:
        return "mrr"
    return "hits@100" if _fewest(split) > 100 else "roc_auc"


def _check_metric(name: str, split: LinkSplit) -> None:
    link_metrics.find(name)
    k = link_metrics.hits_of(name)
    if k is not None and _fewest(split) <= k:
        raise ValueError(
            f"the metric is {shown(name)}, but a part of the split has {_fewest(split)} negatives "
            "to rank against, so that every link would be a hit: take a smaller K, or more "
            "negatives"
        )


def _fewest(split: LinkSplit) -> int:
    """The number of negatives that a positive is ranked against."""
    both: list[Any] = [split.valid_negative, split.test_negative]
    return min(int(negative.shape[-1]) for negative in both)
