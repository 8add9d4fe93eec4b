"""Identity of a training: what its course depends on, written down to be held against another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gnnlab.tasks.saved.spelling import Speller, Unwritable
from gnnlab.tasks.training.settings import Training


def identity_of(
    task: Any, model: nn.Module, data: Any, training: Training, split: int, seed: int
) -> Callable[[], dict[str, str]]:
    """Return what tells what makes a training the one that it is, by name, in short texts.

    Args:
        model: as it is before the first step: its weights tell the encoder, its settings' part in
            them and the seed.

    Cost:
        a pass over the weights now, and one over the data when it is first asked.
    """
    device = next(model.parameters(), torch.empty(0)).device.type
    weights = f"{type(getattr(model, 'encoder', model)).__name__} {_weights(model)}"

    @cache
    def identity() -> dict[str, str]:
        settings = {one.name: getattr(training, one.name) for one in fields(training)}
        return {
            "task": _told(task),
            **{f"training.{name}": _told(value) for name, value in settings.items()},
            "split": str(split),
            "seed": str(seed),
            "device": device,
            "data": _hash(_parts(data)),
            "model": weights,
        }

    return identity


def _told(value: Any) -> str:
    try:
        return json.dumps(Speller().spelled(value), sort_keys=True)
    except Unwritable:
        return type(value).__name__


def _weights(model: nn.Module) -> str:
    """A fingerprint of the first weights, and of what is built of settings alone."""
    return _hash([*_parts(model.state_dict()), repr(model).encode()])


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()[:16]


def _parts(value: Any) -> Iterator[bytes]:
    """The bytes of all tensors and plain values in it, at whatever depth."""
    from torch_geometric.data.data import BaseData

    if isinstance(value, BaseData):
        value = value.to_dict()
    if isinstance(value, Tensor):
        yield from _tensor(value)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield str(key).encode()
            yield from _parts(value[key])
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for one in value:
            yield from _parts(one)
        if masks := getattr(value, "masks", None):  # of a set of graphs
            yield from _parts(masks)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _parts({one.name: getattr(value, one.name) for one in fields(value)})
    elif value is None or isinstance(value, bool | int | float | str):
        yield repr(value).encode()


def _tensor(value: Tensor) -> Iterator[bytes]:
    if is_lazy(value):
        yield b"not known yet"
        return
    value = value.detach().cpu()
    if value.layout is not torch.strided:
        entries = value.to_sparse(layout=torch.sparse_coo).coalesce()
        yield from _tensor(entries.indices())
        value = entries.values()
    yield f"{value.dtype} {tuple(value.shape)}".encode()
    yield value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
