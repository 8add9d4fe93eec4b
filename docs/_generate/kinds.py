"""Kinds of methods: which exported classes get a card, and the command that uses one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gnnlab import layers, rewiring
from gnnlab.core.registry import Family
from gnnlab.structure import transforms
from gnnlab.tasks.clustering.method import clusterings
from gnnlab.tasks.embedding.method import embeddings
from gnnlab.tasks.explanation.method import explainers
from gnnlab.tasks.link.heads.by_name import heads
from gnnlab.tasks.selfsupervised.objective import objectives
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.uncertainty.method import methods as conformal_methods

from .docstrings import REQUIRED, settings
from .names import Entry, entries

Recipe = dict[str, Any]
"""A recipe's settings: tables by section."""


@dataclass(frozen=True)
class Kind:
    """A kind of method.

    Args:
        title: as a heading, plural; ``name`` is the singular.
        face: the package that exports the methods.
        text: what such a method is, in a sentence or two.
        holds: whether an exported class is of this kind.
        command: a command that uses a method; empty where there is none.
        setting: the name in a recipe's settings by which it uses one, or None.
        listing: a call by which tests run over all methods of the kind.
    """

    title: str
    name: str
    face: str
    text: str
    holds: Callable[[type], bool]
    command: Callable[[Entry], str] = lambda entry: ""
    setting: Callable[[Recipe], str | None] = lambda settings: None
    listing: str = ""

    @property
    def page(self) -> str:
        """Its page, without a suffix."""
        return f"methods/{self.title.lower().replace(' ', '-')}"

    def methods(self) -> Iterator[Entry]:
        """Every exported method of the kind."""
        for entry in entries(self.face):
            if isinstance(entry.thing, type) and self.holds(entry.thing):
                yield entry


def names_of(entry: Entry) -> set[str]:
    """The names under which a method is written in settings, folded."""
    name = entry.name
    found = {name, name.removesuffix("PE"), name.removeprefix("Add")}
    return {plain(text) for text in (*found, str(getattr(entry.thing, "short", name)))}


def plain(name: str) -> str:
    """A name without case and without the marks that names may differ in."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _name(table: Any) -> str | None:
    """The name in a table of settings, or a name that stands alone."""
    return table.get("name") if isinstance(table, dict) else table


def _conv(cls: type) -> bool:
    return cls in layers.convs().values()


def _encoder(cls: type) -> bool:
    return cls in layers.encoders().values()


def _task(cls: type) -> bool:
    return issubclass(cls, ListedTask) or callable(getattr(cls, "setup", None))


def _of(family: Family[Any]) -> Callable[[type], bool]:
    """Whether a class is of a family."""
    return lambda cls: cls in family().values()


def _run_encoder(entry: Entry) -> str:
    """A run on a generated set, which needs no file."""
    node = getattr(entry.thing, "level", "node") == "node"
    where = "--task node --data karate" if node else "--task graph --data csl-generated"
    return f"gnnlab run {where} --model {entry.name.lower()}"


def _rewire(entry: Entry) -> str:
    needed = [name for name, default, _ in settings(entry.thing) if default == REQUIRED]
    given = "".join(f" --set {name}=10" for name in needed)
    return f"gnnlab rewire karate --method {entry.name.lower()}{given}"


def _encoding(entry: Entry) -> str:
    return f"--set model.encoding.name={entry.name.removesuffix('PE').lower()}"


def _head(entry: Entry) -> str:
    short = getattr(entry.thing, "short", None) or entry.name
    return f"--set task.head={short.lower()}"


KINDS = (
    Kind(
        "Encoders",
        "encoder",
        "gnnlab.layers",
        "A whole network: from a graph to a vector for every node. A task puts a head on it.",
        _encoder,
        _run_encoder,
        lambda settings: _name(settings.get("model")),
        "layers.encoders()",
    ),
    Kind(
        "Convolutions",
        "convolution",
        "gnnlab.layers",
        "One layer of message passing, called as ``conv(x, adj)``. Encoders are built of them.",
        _conv,
        listing="layers.convs()",
    ),
    Kind(
        "Parts of encoders",
        "part",
        "gnnlab.layers",
        "Steps before an encoder, embeddings of categories, and other modules to build with.",
        lambda cls: not _conv(cls) and not _encoder(cls),
    ),
    Kind(
        "Rewirings",
        "rewiring",
        "gnnlab.rewiring",
        "Adds and removes edges before training. Added edges are marked in ``edge_type``.",
        lambda cls: cls in rewiring.rewirings().values() and issubclass(cls, rewiring.Rewiring),
        _rewire,
        lambda settings: _name(settings.get("rewiring")),
        "rewirings()",
    ),
    Kind(
        "Stored structures",
        "structure",
        "gnnlab.structure.transforms",
        "Found once in a graph and stored with it, for encoders that read it. No edge changes.",
        lambda cls: (
            issubclass(cls, transforms.Structure)
            and cls is not transforms.Structure
            and not issubclass(cls, transforms.Encoding)
        ),
        setting=lambda settings: _name(settings.get("rewiring")),
    ),
    Kind(
        "Encodings",
        "encoding",
        "gnnlab.structure.transforms",
        "A vector for the place of every node in the graph, put next to its features.",
        lambda cls: issubclass(cls, transforms.Encoding) and cls is not transforms.Encoding,
        lambda entry: f"gnnlab run --task graph --data mutag --model gine {_encoding(entry)}",
        lambda settings: _name(settings.get("model", {}).get("encoding")),
    ),
    Kind(
        "Tasks",
        "task",
        "gnnlab.tasks",
        "What is predicted: it brings the head, the loss, the batches and the metric.",
        _task,
        setting=lambda settings: _name(settings.get("task")),
    ),
    Kind(
        "Link heads",
        "link head",
        "gnnlab.tasks",
        "Scores pairs of nodes by their states; some learn nothing and count paths or neighbours.",
        _of(heads),
        lambda entry: f"gnnlab run --task link --data cora --model gcn {_head(entry)}",
        lambda settings: _name(settings.get("task", {}).get("head")),
        "heads()",
    ),
    Kind(
        "Objectives",
        "objective",
        "gnnlab.tasks",
        "A loss that needs no labels, by which an encoder is pretrained.",
        _of(objectives),
        lambda entry: (
            "gnnlab run --task pretraining --data karate --model gcn "
            f"--set task.objective={entry.thing.short}"
        ),
    ),
    Kind(
        "Embeddings",
        "embedding",
        "gnnlab.tasks",
        "A vector for every node, computed without labels or training.",
        _of(embeddings),
        lambda entry: (
            f"gnnlab run --task embedding --data karate --set task.method={entry.thing.short}"
        ),
    ),
    Kind(
        "Clusterings",
        "clustering",
        "gnnlab.tasks",
        "Parts the nodes of a graph into clusters, without labels.",
        _of(clusterings),
        lambda entry: (
            f"gnnlab run --task clustering --data karate --set task.method={entry.thing.short}"
        ),
    ),
    Kind(
        "Explainers",
        "explainer",
        "gnnlab.explain",
        "Says of one prediction which edges and features it comes from.",
        _of(explainers),
        listing="explainers()",
    ),
    Kind(
        "Conformal methods",
        "conformal method",
        "gnnlab.conformal",
        "Turns probabilities into sets of classes that hold the right one as often as asked for.",
        _of(conformal_methods),
        listing="methods()",
    ),
)
