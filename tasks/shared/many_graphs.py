"""Problems over many graphs: the base that graph, node and link tasks on them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from gnnlab.contracts.data import check
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown
from gnnlab.tasks.shared.checks import MASKS, check_features, rows, warn_of_codes
from gnnlab.tasks.shared.collate import Collate
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.targets import target as targets
from gnnlab.tasks.targets.target import Target
from gnnlab.tasks.training.threads import Step, step_of

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data


ALONE = {"num_nodes", "y"}
"""Keys that some graphs may lack: nodes are counted then, and tasks look at targets themselves."""
FEATURES = ("x", "edge_attr", "edge_weight")
"""Keys whose numbers are of one type in all graphs."""
WAYS = (
    "load a set such as gnnlab.datasets.load('MUTAG'), build a gnnlab.datasets.Graphs(graphs, "
    "gnnlab.datasets.Masks(train, val, test), classes, name), or put a list that was made of a "
    "set's graphs, as rewiring.apply does, back with the_set.with_graphs(list)"
)


@dataclass(frozen=True, eq=False)
class Parts:
    """The graphs of one split, given in mini-batches; ``x_sizes`` as the set of graphs has them."""

    train: list[Data]
    valid: list[Data]
    test: list[Data]
    batch_size: int
    device: torch.device = torch.device("cpu")
    x_sizes: tuple[int, ...] = ()

    def epoch(self) -> Iterator[Batch]:
        """Give the training graphs in an order drawn from torch's generator.

        A batch of a single node, which no batch normalisation can learn from, joins another one.
        """
        return self._loaded(self._trained, shuffle=True)

    @cached_property
    def held(self) -> tuple[list[Batch], list[Batch]]:
        """Batches of validation and test, made and sorted once."""
        valid, test = (self._loaded(Collate(part)) for part in (self.valid, self.test))
        return list(valid), list(test)

    def to(self, device: torch.device) -> Parts:
        """Return the same parts with another device, to which batches go as they are made."""
        return replace(self, device=device)

    @cached_property
    def _trained(self) -> Collate:
        return Collate(self.train)

    def _loaded(self, collate: Collate, shuffle: bool = False) -> Iterator[Batch]:
        numbers: Any = range(len(collate.graphs))  # torch asks for no more than a sequence
        drawn = DataLoader(numbers, self.batch_size, shuffle, collate_fn=list)
        for batch in _joined(drawn, collate.graphs) if shuffle else drawn:
            yield collate(batch).to(self.device)


def _joined(batches: Iterable[list[int]], graphs: Sequence[Data]) -> Iterator[list[int]]:
    """Join batches that are a single node to the one before, or to the next if they come first."""
    held: list[int] = []
    for batch in batches:
        if held and not _is_one_node(held, graphs) and not _is_one_node(batch, graphs):
            yield held
            held = batch
        else:
            held = held + batch
    yield held


def _is_one_node(batch: list[int], graphs: Sequence[Data]) -> bool:
    return len(batch) == 1 and graphs[batch[0]].num_nodes == 1


@dataclass(frozen=True, eq=False)
class Batched:
    """A problem over the graphs of a split, a step on each mini-batch."""

    parts: Parts

    def check_encoder(self, encoder: nn.Module, levels: Sequence[str], what: str) -> str:
        """Refuse an encoder that does not fit, and return its level."""
        own = declared(encoder)
        level = own.level
        if level not in levels:
            choices = " or ".join(map(repr, levels))
            raise ValueError(
                f"{type(encoder).__name__}.level is {shown(level)}, but {what} takes {choices}"
            )
        if own.transductive:
            raise ValueError(
                f"{type(encoder).__name__} {own.transductive}, so it cannot read several graphs: "
                "take another encoder"
            )
        check_features(encoder, self.parts.train[0].x)
        warn_of_codes(encoder, self.parts.x_sizes)
        return level

    @property
    def step(self) -> Step:
        """How large a mean batch is."""
        return step_of(self.parts.train, self.parts.batch_size)

    def batches(self) -> Iterator[Batch]:
        """Give the training graphs in an order drawn from torch's generator."""
        return self.parts.epoch()

    def to(self, device: torch.device) -> Self:
        """Return the same problem on another device."""
        return replace(self, parts=self.parts.to(device))


@dataclass(frozen=True, eq=False)
class ManyProblem(Batched):
    """A target of the rows that a model gives for a batch of graphs."""

    target: Target

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.target.metric

    def loss(self, model: Model, batch: Batch) -> Tensor:
        """Return the mean loss on the rows of a batch, and what the encoder adds to it."""
        predictions, own = model.with_loss(batch)
        loss = self.target.loss(*self.known(predictions, batch.y))
        return loss if own is None else loss + own

    def evaluate(self, model: Model) -> dict[str, float]:
        """Return ``valid_loss``, ``valid`` and ``test``."""
        valid, test = (self._predicted(model, part) for part in self.parts.held)
        return targets.evaluate(self.target, valid, test)

    def to(self, device: torch.device) -> Self:
        """Return the same problem on another device."""
        return replace(super().to(device), target=self.target.to(device))

    def known(self, predictions: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Take the rows that have a target: all of them."""
        return predictions, y

    def _predicted(self, model: Model, batches: list[Batch]) -> tuple[Tensor, Tensor]:
        both = [self.known(model.predictions(batch), batch.y) for batch in batches]
        predictions, y = zip(*both, strict=True)
        return torch.cat(predictions), torch.cat(y)


def check_graphs(data: Any, what: str, also: Callable[[Data], None] | None = None) -> list[Any]:
    """Check every graph and return what each has as y.

    Args:
        what: the task, for the message.
        also: what else is checked of each graph.

    Raises:
        ValueError: one graph in place of many, or what is wrong with one, with its number.
    """
    from torch_geometric.data import Batch, Data

    if isinstance(data, (Batch, Data)) or not isinstance(data, Sequence) or not len(data):
        raise ValueError(
            f"a {type(data).__name__} was given, but {what} needs many graphs with splits: {WAYS}"
        )
    if not hasattr(data, "train_mask"):
        raise ValueError(
            f"a {type(data).__name__} of {len(data)} graphs says nothing of training, validation "
            f"and test, and {what} needs splits: {WAYS}"
        )
    for number, graph in enumerate(data):
        try:
            check(graph)
            if also is not None:
                also(graph)
        except ValueError as error:
            raise ValueError(f"graph {number} of the dataset: {error}") from error
        check_alike(graph, data[0], number)
    return [getattr(graph, "y", None) for graph in data]


def check_alike(graph: Data, first: Data, number: int) -> None:
    """Refuse a graph that does not go into a batch with the first one.

    A batch has the keys of its first graph: what another one has beside them would be lost.
    """
    for key in sorted((set(graph.keys()) ^ set(first.keys())) - ALONE):
        has, lacks = (number, 0) if key in graph else (0, number)
        raise ValueError(
            f"graph {has} of the dataset has data.{key}, but graph {lacks} has none: give it to "
            "all graphs or to none"
        )
    ours, theirs = graph.to_dict(), first.to_dict()
    for key in sorted((ours.keys() & theirs.keys()) - ALONE):
        own, other = ours[key], theirs[key]
        there = f"graph {number} of the dataset has"
        if _kind(own) != _kind(other):
            raise ValueError(
                f"{there} {_kind(own)} in {key}, but graph 0 has {_kind(other)}: give all graphs "
                "the same"
            )
        if not isinstance(own, Tensor):
            continue
        if _columns(key, own) != _columns(key, other):
            raise ValueError(
                f"{there} {_columns(key, own)} in {key}, but graph 0 has {_columns(key, other)}: "
                "give all graphs the same features"
            )
        if key in FEATURES and own.dtype != other.dtype:
            raise ValueError(
                f"{there} {key} of {own.dtype}, but graph 0 has {other.dtype}: give all graphs the "
                "same"
            )


def _kind(value: Any) -> str:
    """What PyG joins with its like alone."""
    if isinstance(value, Tensor):
        return "a tensor" if value.layout is torch.strided else f"a {value.layout} tensor"
    return "a number" if isinstance(value, int | float) else f"a {type(value).__name__}"


def _columns(key: str, values: Tensor) -> str:
    """What remains of a shape without the axis that graphs are joined on."""
    if not values.dim():
        return "a single number"
    shape = list(values.shape[:-1] if "index" in key or key == "face" else values.shape[1:])
    if not shape:
        return "one number a row"
    return f"{shape[0]} columns" if len(shape) == 1 else f"rows of shape {tuple(shape)}"


def split_graphs(data: Any, split: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the numbers of the graphs in each part of a split.

    Raises:
        ValueError: no masks, a split that is not there, or one with an empty part.
    """
    train, valid, test = (rows(data, name, split, "graph") for name in MASKS)
    for name, part in zip(MASKS, (train, valid, test), strict=True):
        if not len(part):
            raise ValueError(f"data.{name} selects no graph in split {split}: choose another split")
    return train, valid, test


def parts_of(data: Any, split: tuple[Tensor, Tensor, Tensor], batch_size: int) -> Parts:
    """Take the graphs of a split."""
    train, valid, test = ([data[i] for i in part.tolist()] for part in split)
    return Parts(train, valid, test, batch_size, x_sizes=getattr(data, "x_sizes", ()))
