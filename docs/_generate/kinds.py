"""Kinds of methods: which exported classes get a card, and how each is named on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gnnlab import layers, rewiring
from gnnlab.structure import transforms

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
        command: a command that uses one, with ``{name}``; empty where there is none.
        setting: the name in a recipe's settings by which it uses one, or None.
        listing: a call by which tests run over all methods of the kind.
    """

    title: str
    name: str
    face: str
    text: str
    holds: Callable[[type], bool]
    command: str = ""
    setting: Callable[[Recipe], str | None] = lambda settings: None
    listing: str = ""

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
    return callable(getattr(cls, "setup", None))


KINDS = (
    Kind(
        "Encoders",
        "encoder",
        "gnnlab.layers",
        "A whole network: a graph in, a vector for every node or graph out. A task puts a head on it.",
        _encoder,
        "gnnlab run --task node --data minesweeper-generated --model {name}",
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
        "gnnlab rewire minesweeper-generated --method {name}",
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
        "gnnlab run --task graph --data mutag --model gine --set model.encoding.name={name}",
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
        "Scores pairs of nodes from their states; some learn nothing and count paths or neighbours.",
        lambda cls: hasattr(cls, "symmetric"),
        "gnnlab run --task link --data cora --model gcn --set task.head={name}",
        lambda settings: _name(settings.get("task", {}).get("head")),
        "heads()",
    ),
)
