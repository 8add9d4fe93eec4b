"""Link prediction within many graphs: trained on the links of some graphs, tested on others'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.core.arguments import check_count, shown
from gnnlab.tasks.link.batch_ranks import (
    batch_ranks,
    by_pairs,
    by_products,
    graph_means,
    over_graphs,
)
from gnnlab.tasks.link.model import LinkModel, with_head
from gnnlab.tasks.link.negative_sampling import draw_strangers
from gnnlab.tasks.link.splits.checks import check_pairs
from gnnlab.tasks.metrics.links import WITHIN_GRAPHS
from gnnlab.tasks.shared.checks import MASKS
from gnnlab.tasks.shared.many_graphs import Batched, check_graphs, parts_of, split_graphs

if TYPE_CHECKING:
    from torch_geometric.data import Batch

    from gnnlab.tasks.link.settings import LinkSettings

WHAT = "link prediction within many graphs"
GRAPHS_A_STEP = 64
"""Where the task does not say."""
STRANGERS = 2
"""Negatives that are drawn for every true pair."""
OF_ONE_GRAPH = ("drop_last", "mask_targets", "supervision")
"""Settings that say how the links of one graph are parted."""


def setup(task: LinkSettings, data: Any, split: int) -> PairsProblem:
    """Check the graphs and return what to minimise and to measure on one of the splits.

    Shapes:
        graphs with x (N, F), edge_index (2, E), edge_label_index (2, P) int64, edge_label (P,) of
        0 and 1; masks (G, S) of the set

    Raises:
        ValueError: what :func:`gnnlab.check` finds (with the number of the graph), no masks, a
            split that is not there, pairs that are none of the graph or that have no label, a part
            without a true pair, or a setting that is for one graph.
    """
    check_settings(task)
    check_graphs(data, WHAT, _check_labelled)
    parts = split_graphs(data, split)
    for name, part in zip(MASKS, parts, strict=True):
        _check_part(task, data, part, name, split)
    metric = settled(cast(str, task.metric))
    size = int(task.batch_size or GRAPHS_A_STEP)
    return PairsProblem(parts_of(data, parts, size), task, metric)


def settled(metric: str) -> str:
    """The metric's name, ``auto`` decided."""
    return "filtered_mrr" if metric == "auto" else metric


def check_settings(task: LinkSettings) -> None:
    """Refuse settings that many graphs do not have.

    Raises:
        ValueError: one of the links of one graph, or a metric that needs negatives.
    """
    usual = {field.name: field.default for field in fields(task)}
    for name in OF_ONE_GRAPH:
        if getattr(task, name) != usual[name]:
            raise ValueError(
                f"{name} is {getattr(task, name)!r}, but it says how the links of one graph are "
                "parted, and graphs of a set keep all their edges: leave it out"
            )
    if task.batch_size is not None:
        check_count("batch_size", task.batch_size)
    for name in (settled(cast(str, task.metric)), *task.also):
        if name not in WITHIN_GRAPHS:
            raise ValueError(
                f"the metric is {shown(name)}, but pairs within many graphs are ranked among all "
                f"nodes of theirs: take one of {', '.join(WITHIN_GRAPHS)}"
            )


def settled_settings(task: LinkSettings) -> dict[str, Any]:
    """Return the settings that many graphs have.

    Raises:
        ValueError: as :func:`check_settings`.
    """
    check_settings(task)
    found = {key: value for key, value in asdict(task).items() if key not in OF_ONE_GRAPH}
    return {**found, "batch_size": task.batch_size or GRAPHS_A_STEP}


def has_pairs(data: Any) -> bool:
    """Whether every graph of a set has pairs of its nodes with labels."""
    return all(isinstance(getattr(graph, "edge_label_index", None), Tensor) for graph in data)


@dataclass(frozen=True, eq=False)
class PairsProblem(Batched):
    """Link prediction on one split of many graphs: the loss and the numbers.

    The loss of a batch is the mean over its labelled pairs, and a score is the mean over the graphs
    of a part of each graph's own.
    """

    task: LinkSettings
    metric: str

    def model(self, encoder: nn.Module) -> LinkModel:
        """Put a head on the encoder, or refuse one that does not fit."""
        self.check_encoder(encoder, ("node",), WHAT)
        return with_head(encoder, self.task.head)

    def loss(self, model: LinkModel, batch: Batch) -> Tensor:
        """Return the mean loss of a batch's pairs, and what the encoder adds to it."""
        pairs, labels = self.labelled(batch)
        h, own = model.states_and_loss(batch)
        loss = cross_entropy(model.score(h, batch, pairs), labels) / max(1, len(labels))
        return loss if own is None else loss + own

    def labelled(
        self, batch: Batch, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """The pairs that a batch is learnt from, (2, P), and which are true, (P,)."""
        if self.task.negatives == "split":
            return batch.edge_label_index, batch.edge_label == 1
        pairs = _true(batch)
        drawn = draw_strangers(pairs, batch.ptr, STRANGERS, generator)
        both = torch.cat([pairs, drawn], dim=1)
        return both, torch.arange(both.shape[1], device=both.device) < pairs.shape[1]

    def evaluate(self, model: LinkModel) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test``, and what else was asked for.

        Negatives of the validation loss are the same ones each time.
        """
        valid, test = self.parts.held
        same, total, count = torch.Generator().manual_seed(0), 0.0, 0
        means: dict[str, list[dict[str, Tensor]]] = {"valid": [], "test": []}
        for batch in valid:
            h = model.states(batch)
            pairs, labels = self.labelled(batch, same)
            total += float(cross_entropy(model.score(h, batch, pairs), labels))
            count += len(labels)
            if total != total:
                return dict.fromkeys(("valid_loss", "valid", "test"), total)
            means["valid"].append(self._means(model, h, batch))
        for batch in test:
            means["test"].append(self._means(model, model.states(batch), batch))
        row = {"valid_loss": total / count}
        for part, found in means.items():
            row |= self._measured(part, found)
        return row

    def _means(self, model: LinkModel, h: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Every metric of every graph of a batch."""
        names = dict.fromkeys((self.metric, *self.task.also))
        kinds = {name: WITHIN_GRAPHS[name] for name in names}
        pairs, owner, states = _true(batch), batch.batch, model.factors(h)
        rows = (
            by_products(states)
            if states is not None
            else by_pairs(lambda cells: model.score(h, batch, cells))
        )
        ranks = batch_ranks(rows, pairs, owner, batch.ptr, kinds.values(), self.task.chunk)
        graphs = batch.num_graphs
        return {n: graph_means(ranks[kind], pairs, owner, graphs) for n, kind in kinds.items()}

    def _measured(self, part: str, means: Sequence[dict[str, Tensor]]) -> dict[str, float]:
        found = {
            name: over_graphs(torch.cat([own[name] for own in means]), WITHIN_GRAPHS[name])
            for name in means[0]
        }
        others = {f"{part} {name}": found[name] for name in self.task.also}
        return {part: found[self.metric], **others}


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Return the sum of :math:`-\log \sigma(\pm s)`, plus where the label is True."""
    return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction="sum")


def _true(batch: Any) -> Tensor:
    pairs: Tensor = batch.edge_label_index[:, batch.edge_label == 1]
    return pairs


def _check_labelled(graph: Any) -> None:
    """Refuse a graph whose pairs or labels are none."""
    pairs, labels = (_given(graph, name) for name in ("edge_label_index", "edge_label"))
    check_pairs("data.edge_label_index", pairs, graph.num_nodes, loops=True)
    if labels.shape != pairs.shape[1:] or labels.dim() != 1:
        raise ValueError(
            f"data.edge_label is {tuple(labels.shape)} and data.edge_label_index "
            f"{tuple(pairs.shape)}, but each pair (2, P) has one label (P,): give as many"
        )
    true = labels.eq(1)
    other = labels[~true & labels.ne(0)]
    if len(other):
        raise ValueError(
            f"data.edge_label holds {other[0].item()}, but a pair is true, 1, or not, 0: give 1 or "
            "0 for each"
        )
    keys = pairs[0, true] * graph.num_nodes + pairs[1, true]
    if len(torch.unique(keys)) != len(keys):
        raise ValueError(
            "data.edge_label_index holds a true pair twice, which would count it twice: give each "
            "once"
        )


def _given(graph: Any, name: str) -> Tensor:
    value = getattr(graph, name, None)
    if isinstance(value, Tensor):
        return value
    raise ValueError(
        f"data.{name} is {shown(value)}, but {WHAT} needs pairs of nodes (2, P) and 1 or 0 for "
        "each: set edge_label_index and edge_label, or split the links of one graph with LinkSplit"
    )


def _check_part(task: LinkSettings, data: Any, part: Tensor, name: str, split: int) -> None:
    """Refuse a part that nothing can be learnt from or judged by."""
    labels = {number: data[number].edge_label for number in part.tolist()}
    for number, own in labels.items():
        if not len(own):
            raise ValueError(
                f"data.{name} selects graph {number} in split {split}, but no pair of it has a "
                "label: take it out of the masks"
            )
    if not any(bool((own == 1).any()) for own in labels.values()):
        raise ValueError(
            f"data.{name} selects no graph with a true pair, labelled 1, in split {split}: choose "
            "another split"
        )
    if task.negatives == "split" and name != MASKS[2]:
        if not any(bool((own == 0).any()) for own in labels.values()):
            raise ValueError(
                f"data.{name} selects no graph with a pair labelled 0 in split {split}, and "
                "negatives is 'split': take negatives='epoch', which draws them"
            )
