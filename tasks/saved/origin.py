"""Origin of a model: the task, the settings, the seed and the data that it was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.tasks.targets.classes import Classes
from gnnlab.tasks.targets.labels import Labels
from gnnlab.tasks.targets.numbers import Regression

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


def said_by(problem: Any, data: Any) -> Said:
    """Return what is predicted on a problem, by name where the data name it."""
    target = getattr(problem, "target", None)
    if isinstance(target, Classes):
        return Said("classes", _names(data, "class_names", target.classes))
    if isinstance(target, Labels):
        return Said("labels", _names(data, "targets", target.width))
    if isinstance(target, Regression):
        return Said("regression", _names(data, "targets", len(target.mean)))
    return Said("states" if getattr(problem, "objective", None) is not None else "links")


def _names(data: Any, key: str, count: int) -> tuple[str, ...]:
    """The names that data give, else numbers."""
    given = getattr(data, key, None)
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == count:
        return tuple(str(one) for one in given)
    return tuple(str(number) for number in range(count))


def inputs_of(data: Any, encoder: nn.Module) -> Inputs:
    """Return what the data look like to an encoder."""
    first = first_of(data)
    x, attributes = first.x, first.to_dict().get("edge_attr")
    bound = declared(encoder).transductive is not None
    return Inputs(
        name=str(getattr(data, "name", "")),
        fingerprint=str(getattr(data, "raw_hash", "")),
        features=int(x.shape[1]),
        edge_features=columns(attributes),
        sparse=x.layout is not torch.strided,
        keys=tuple(sorted(set(first.keys()) - set(HELD))),
        nodes=int(x.shape[0]) if bound else 0,
        nodes_hash=hash_of(x) if bound else "",
    )


def first_of(data: Any) -> Any:
    """The graph, or the first of many."""
    return data if not isinstance(data, Sequence) else data[0]


def columns(values: Any) -> int | None:
    """How many numbers an edge has; None without."""
    if not isinstance(values, Tensor):
        return None
    return int(values.shape[1]) if values.dim() > 1 else 1


def hash_of(x: Tensor) -> str:
    """A fingerprint of the nodes' features, dense or sparse, on whatever device.

    Cost:
        O(N F) once.
    """
    dense = x.detach().cpu()
    if dense.layout is not torch.strided:
        entries = dense.to_sparse(layout=torch.sparse_coo).coalesce()
        rows, values = entries.indices(), entries.values()
    else:
        places = dense.nonzero().T
        rows, values = places, dense[places.unbind()] if dense.numel() else dense.flatten()
    digest = hashlib.sha256(repr(tuple(x.shape)).encode())
    for part in (rows, values.float()):
        digest.update(part.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
