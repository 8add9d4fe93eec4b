"""Link prediction on one graph: one split's batches, its loss and its scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown
from gnnlab.structure.graphs.free_pairs import FreePairs
from gnnlab.tasks.link.masking import keys_of as unordered
from gnnlab.tasks.link.masking import with_links, without
from gnnlab.tasks.link.model import LinkModel, with_head
from gnnlab.tasks.link.remaining_edges import Learnt, check_what_is_left
from gnnlab.tasks.link.splits.checks import keys_of
from gnnlab.tasks.link.splits.parts import KINDS, PARTS
from gnnlab.tasks.link.splits.split import LinkSplit
from gnnlab.tasks.link.steps import links_a_step
from gnnlab.tasks.metrics import links as link_metrics
from gnnlab.tasks.shared.checks import check_features
from gnnlab.tasks.training.threads import Step, step_of

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.tasks.link.settings import LinkSettings


class Batch(NamedTuple):
    """One step's links, by their number among the training links, and its negatives (2, B)."""

    columns: Tensor
    negative: Tensor


class Graphs(NamedTuple):
    """What is read in training, for validation and for test; often one and the same."""

    train: Data
    valid: Data
    test: Data

    def map(self, change: Callable[[Data], Data]) -> Graphs:
        """Change each graph, one that stands in several places once."""
        made: dict[int, Data] = {}
        for graph in self:
            if id(graph) not in made:
                made[id(graph)] = change(graph)
        return Graphs(*(made[id(graph)] for graph in self))


@dataclass(frozen=True, eq=False)
class LinkProblem:
    """Link prediction on one split; see :class:`gnnlab.tasks.LinkPrediction`.

    Args:
        columns: the numbers of the training links that are learnt from.
        apart: whether training reads other links than it learns from, so that nothing is masked.
    """

    task: LinkSettings
    split: LinkSplit
    metric: str
    graphs: Graphs
    columns: Tensor
    apart: bool = False
    pairs: dict[str, Tensor] = field(init=False, repr=False)
    free: FreePairs = field(init=False, repr=False)

    def __post_init__(self) -> None:
        device = self.graphs.train.edge_index.device
        names = [f"{part}_{kind}" for part in PARTS for kind in KINDS]
        moved = {name: getattr(self.split, name).to(device) for name in names}
        object.__setattr__(self, "pairs", moved)
        object.__setattr__(self, "free", free_pairs(self.split))

    @classmethod
    def of(cls, task: LinkSettings, data: Data, split: LinkSplit, metric: str) -> LinkProblem:
        """From a message graph and its split."""
        data = copy(data)
        del data.link_split
        test = data
        if split.valid_as_input:
            test = with_links(
                data, split.valid_positive.to(data.edge_index.device), split.undirected
            )
        columns = torch.arange(split.train_positive.shape[1])
        return cls(task, split, metric, Graphs(data, data, test), columns)

    def suited(self, encoder: nn.Module) -> LinkProblem:
        """Return the problem as an encoder can solve it without reading what it predicts.

        What an encoder's ``transform`` finds in a graph is found in each of the graphs, and a link
        cannot be masked in it afterwards: then some links are learnt from and the others read.
        """
        own = declared(encoder)
        transform = own.transform if own.transforms() else None
        graphs = self.graphs.map(lambda data: transform(copy(data))) if transform else self.graphs
        added = graphs.train.keys() != self.graphs.train.keys()
        if (not added if own.maskable is None else own.maskable) or not self.task.mask_targets:
            return replace(self, graphs=graphs)
        count = self.split.train_positive.shape[1]
        apart = max(1, round(self.task.supervision * count))
        columns = torch.randperm(count)[:apart].sort().values
        train, _ = without(self.graphs.train, self.pairs["train_positive"][:, columns])
        found = Graphs(train if transform is None else transform(copy(train)), *graphs[1:])
        return replace(self, graphs=found, columns=columns, apart=True)

    def model(self, encoder: nn.Module) -> LinkModel:
        """Put a head on the encoder, or refuse one that does not fit."""
        level = declared(encoder).level
        if level != "node":
            raise ValueError(
                f"{type(encoder).__name__}.level is {shown(level)}, but link prediction needs one "
                "row a node: take an encoder of level 'node'"
            )
        check_features(encoder, self.graphs.train.x)
        if self.apart or declared(encoder).maskable is not False:
            check_what_is_left(
                Learnt(
                    self.task, self.split, self.graphs.valid.edge_index, self.columns, self.apart
                )
            )
        return with_head(encoder, self.task.head)

    @property
    def step(self) -> Step:
        """How large a step is: the graph that training reads, and links with as many negatives."""
        links = links_a_step(self.task.batch_size, len(self.columns))
        return step_of([self.graphs.train], predictions=2 * links)

    def batches(self) -> Iterator[Batch]:
        """Give the training links in an order drawn from torch's generator, with negatives."""
        count = len(self.columns)
        size = links_a_step(self.task.batch_size, count)
        order = torch.randperm(count).to(self.columns.device)
        negative = self._negatives(count)[:, order]
        for first in range(0, count, size):
            part = order[first : first + size]
            if self.task.drop_last and len(part) < size:
                return
            yield Batch(self.columns[part], negative[:, first : first + size])

    def loss(self, model: LinkModel, batch: Batch) -> Tensor:
        """Return the mean loss of a batch's links and negatives."""
        positive = self.pairs["train_positive"][:, batch.columns]
        graph, adj = self.graphs.train, None
        if self.task.mask_targets and not self.apart:
            graph, adj = without(graph, positive)
        h, own = model.states_and_loss(graph)
        logits = model.score(h, graph, torch.cat([positive, batch.negative], dim=1), adj)
        loss = cross_entropy(logits[: positive.shape[1]], logits[positive.shape[1] :])
        return loss if own is None else loss + own

    def evaluate(self, model: LinkModel) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test``, and what else was asked for."""
        h = model.states(self.graphs.valid)
        valid = self._scores(model, h, self.graphs.valid, "valid")
        if self.graphs.test is not self.graphs.valid:
            h = model.states(self.graphs.test)
        test = self._scores(model, h, self.graphs.test, "test")
        loss = float(cross_entropy(*valid).detach())
        if loss != loss:
            return {"valid_loss": loss, "valid": loss, "test": loss}
        row = {"valid_loss": loss, **self._measured("valid", valid), **self._measured("test", test)}
        return row

    def to(self, device: torch.device) -> LinkProblem:
        """Return the same problem on another device."""
        graphs = self.graphs.map(lambda data: copy(data).to(device))
        return replace(self, graphs=graphs, columns=self.columns.to(device))

    def _measured(self, part: str, scores: tuple[Tensor, Tensor]) -> dict[str, float]:
        found = {part: self._score(self.metric, part, scores)}
        return found | {
            f"{part} {name}": self._score(name, part, scores) for name in self.task.also
        }

    def _score(self, name: str, part: str, scores: tuple[Tensor, Tensor]) -> float:
        if name == "filtered_mrr":
            return link_metrics.mrr(*scores, left_out=self._true(part))
        return link_metrics.find(name)(*scores)

    def _true(self, part: str) -> Tensor:
        """Which negatives are links: (Q,) or (P, K)."""
        keys = unordered(self.pairs[f"{part}_negative"], self.split.num_nodes)
        return torch.isin(keys, torch.from_numpy(keys_of(self.split, ALL)).to(keys.device))

    def _scores(self, model: LinkModel, h: Tensor, data: Data, part: str) -> tuple[Tensor, Tensor]:
        """Scores of a part's positives (P,), and of its negatives (Q,) or (P, K)."""
        found = []
        for kind in KINDS:
            pairs = self.pairs[f"{part}_{kind}"]
            chunks = torch.split(pairs.reshape(2, -1), self.task.chunk, dim=1)
            scores = torch.cat([model.score(h, data, chunk) for chunk in chunks])
            found.append(scores.reshape(pairs.shape[1:]))
        return found[0], found[1]

    def _negatives(self, count: int) -> Tensor:
        """As many pairs as there are links to learn from: (2, count)."""
        if self.task.negatives == "split":
            own = self.pairs["train_negative"]
            return own[:, torch.arange(count, device=own.device) % own.shape[1]]
        seed = int(torch.randint(2**62, ()))
        learnt = self.split.train_positive[:, self.columns.cpu()].numpy()
        drawn = self.free.repeated(learnt, np.random.default_rng(seed))
        if not self.split.undirected:
            drawn = self.free.turned(drawn, learnt, torch.rand(count).numpy() < 0.5)
        return torch.from_numpy(drawn).to(self.columns.device)


def free_pairs(split: LinkSplit) -> FreePairs:
    """The pairs that training does not know to be joined, of the kinds of nodes that links join."""
    kinds = None if split.kinds is None else split.kinds.numpy()
    return FreePairs(split.num_nodes, keys_of(split, KNOWN), kinds)


KNOWN = ("message_edge_index", "train_positive")
ALL = (*KNOWN, "valid_positive", "test_positive")


def cross_entropy(positive: Tensor, negative: Tensor) -> Tensor:
    r"""Return mean :math:`-\log \sigma` of links and of what is none: logits of any shape."""
    return F.softplus(-positive).mean() + F.softplus(negative).mean()
