"""Origin of a model: the task, the settings, the seed and the data that it was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.targets.classes import Classes
from gnnlab.tasks.targets.labels import Labels

HELD = ("y", "train_mask", "val_mask", "test_mask", "edge_label", "edge_label_index", "link_split")
"""What a prediction does not read."""


@dataclass(frozen=True)
class Said:
    """What a model says of a row.

    Args:
        kind: ``classes``, ``labels`` or ``regression`` of nodes or graphs; ``links`` of pairs;
            ``states`` where it predicts nothing.
        names: of the classes, labels or numbers.
    """

    kind: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """What the graphs looked like.

    Args:
        name: of the dataset, if it has one.
        fingerprint: of the files that it was read from, as the dataset's card has it.
        features: F, the columns of x.
        edge_features: columns of edge_attr; None without.
        sparse: whether x was a sparse tensor when it was handed over.
        keys: what the graph had, targets and splits aside.
        nodes: N of a graph whose nodes were learnt; 0 where other graphs can be read.
        nodes_hash: of that graph's features.
    """

    name: str = ""
    fingerprint: str = ""
    features: int = 0
    edge_features: int | None = None
    sparse: bool = False
    keys: tuple[str, ...] = ()
    nodes: int = 0
    nodes_hash: str = ""


@dataclass(frozen=True)
class Origin:
    """Where a trained model comes from.

    Args:
        task, training, split, seed: as ``fit`` had them.
        said: what it predicts.
        inputs: what it reads.
        before: transforms that every graph goes through before the encoder's own, such as a
            rewiring.
    """

    task: Any
    training: Any
    split: int
    seed: int
    said: Said
    inputs: Inputs
    before: tuple[Any, ...] = ()

    def after(self, *before: Any) -> Origin:
        """Return the same with transforms that the data went through."""
        return replace(self, before=before)


def said_by(problem: Any, model: Model | LinkModel | Pretrained, data: Any) -> Said:
    """Return what is predicted on a problem, by name where the data name it.

    A problem of another library's, or of a user's own, predicts numbers.
    """
    if isinstance(model, LinkModel):
        return Said("links")
    if isinstance(model, Pretrained):
        return Said("states")
    target = getattr(problem, "target", None)
    if isinstance(target, Classes):
        return Said("classes", _names(data, "class_names", target.classes))
    kind = "labels" if isinstance(target, Labels) else "regression"
    return Said(kind, _names(data, "targets", int(getattr(model, "outputs", 0))))


def _names(data: Any, key: str, count: int) -> tuple[str, ...]:
    """The names that data give, else numbers."""
    given = getattr(data, key, None)
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == count:
        return tuple(str(one) for one in given)
    return tuple(str(number) for number in range(count))


def inputs_of(data: Any, encoder: nn.Module) -> Inputs:
    """Return what the data look like to an encoder."""
    first = first_of(data)
    stored = first.to_dict() if hasattr(first, "to_dict") else {}
    x = stored.get("x")
    x = x if isinstance(x, Tensor) and x.dim() == 2 else torch.empty(0, 0)
    bound = declared(encoder).transductive is not None
    return Inputs(
        name=str(getattr(data, "name", "")),
        fingerprint=str(getattr(data, "raw_hash", "")),
        features=int(x.shape[1]),
        edge_features=columns(stored.get("edge_attr")),
        sparse=x.layout is not torch.strided,
        keys=tuple(sorted(set(stored) - set(HELD))),
        nodes=int(x.shape[0]) if bound else 0,
        nodes_hash=hash_of(x) if bound else "",
    )


def first_of(data: Any) -> Any:
    """The graph, or the first of many."""
    return data[0] if isinstance(data, Sequence) and len(data) else data


def columns(values: Any) -> int | None:
    """How many numbers an edge has; None without."""
    if not isinstance(values, Tensor):
        return None
    return int(values.shape[1]) if values.dim() > 1 else 1


def hash_of(x: Tensor) -> str:
    """A fingerprint of the nodes' features, the same for dense and for sparse ones.

    Cost:
        O(N F) once, some rows at a time.
    """
    digest = hashlib.blake2b(repr(tuple(x.shape)).encode(), digest_size=8)
    for rows in _dense_parts(x.detach().cpu()):
        # 0 is added for zeros to be of one sign.
        digest.update((rows.float() + 0).contiguous().numpy().tobytes())
    return digest.hexdigest()


def _dense_parts(x: Tensor) -> Iterator[Tensor]:
    """The rows, some thousand numbers at a time."""
    size = max(1, PART // max(1, x.shape[1]))
    if x.layout is torch.strided:
        yield from torch.split(x, size)
        return
    entries = x.to_sparse(layout=torch.sparse_coo).coalesce()
    (rows, places), values = entries.indices(), entries.values()
    for first in range(0, x.shape[0], size):
        own = (rows >= first) & (rows < first + size)
        dense = values.new_zeros(min(size, x.shape[0] - first), x.shape[1])
        dense[rows[own] - first, places[own]] = values[own]
        yield dense


PART = 1 << 22
"""Numbers that are looked at together."""
