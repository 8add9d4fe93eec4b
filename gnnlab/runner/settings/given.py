"""Given parts of a run: objects that a caller of Python hands over, which settings cannot name."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described
from gnnlab.core.own_parts import path_of, source_digest

PARTS = ("data", "model", "rewiring")


@dataclass(frozen=True, eq=False)
class Given:
    """Objects in the place of names.

    Args:
        data: a graph, or a set of graphs.
        model: a module, of which copies are trained, or what makes one.
        rewiring: a transform of a graph.
    """

    data: Any = None
    model: Any = None
    rewiring: Any = None

    def digests(self) -> dict[str, str]:
        """What each is known by: the digest of its content, or of its source."""
        found = {}
        if self.data is not None:
            found["data"] = content_digest(self.data)
        if self.model is not None:
            found["model"] = _digest([_source(self.model), *_made(self.model)])
        if self.rewiring is not None:
            found["rewiring"] = _digest([_source(self.rewiring), *_state(self.rewiring)])
        return found

    def tables(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with the names of what is given.

        Raises:
            ValueError: settings of an object that has been made already.
        """
        found: dict[str, Any] = dict(settings)
        for part in PARTS:
            thing = getattr(self, part)
            if thing is None:
                continue
            table = found.get(part, {})
            rest = {key: value for key, value in dict(table).items() if key != "name"}
            if rest and not (part == "model" and takes_settings(thing)):
                key = next(iter(rest))
                raise ValueError(
                    f"{part}.{key} is {rest[key]!r}, but {part} was given as {described(thing)}, "
                    "which is made already: leave it out"
                )
            found[part] = {**rest, "name": name_of(thing, part)}
        return found


NOTHING = Given()


def takes_settings(model: Any) -> bool:
    """Whether a model that was given is yet to be built, from settings."""
    return not isinstance(model, nn.Module)


def name_of(thing: Any, part: str) -> str:
    """What a given object is called in settings and folders: by its own name, or by its class."""
    if part == "data":
        name = getattr(thing, "name", None)
        name = name if isinstance(name, str) and name else part
    else:
        unwrapped = thing.func if isinstance(thing, partial) else thing
        name = getattr(unwrapped, "__name__", type(unwrapped).__name__)
    return re.sub(r"[^\w.+-]+", "_", str(name)).strip("_.") or part


def importable(thing: Any) -> str:
    """The import path of a class or function; empty for any other object."""
    return path_of(thing) if isinstance(thing, type) or inspect.isfunction(thing) else ""


def content_digest(value: Any) -> str:
    """Sixteen digits that change with any number in a graph, a set of graphs or a tensor."""
    return _digest([value])


def _digest(values: Sequence[Any]) -> str:
    whole = hashlib.sha256()
    for value in values:
        _feed(value, whole.update)
    return whole.hexdigest()[:16]


def _feed(value: Any, take: Callable[[bytes], Any]) -> None:
    """Hand over what a value holds, piece by piece."""
    if isinstance(value, Tensor):
        _feed_tensor(value.detach().cpu(), take)
    elif isinstance(value, np.ndarray):
        take(f"array {value.dtype} {value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif callable(getattr(value, "to_dict", None)):  # a graph of PyG
        _feed(value.to_dict(), take)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            take(f"key {key} ".encode())
            _feed(value[key], take)
    elif hasattr(value, "__dataclass_fields__"):  # a set of graphs, its masks
        _feed({key: getattr(value, key) for key in value.__dataclass_fields__}, take)
    elif isinstance(value, (list, tuple)):
        take(f"many {len(value)} ".encode())
        for one in value:
            _feed(one, take)
    else:
        take(f"{type(value).__name__} {value!r} ".encode())


def _feed_tensor(value: Tensor, take: Callable[[bytes], Any]) -> None:
    if value.layout is not torch.strided:
        value = value.to_sparse(layout=torch.sparse_coo).coalesce()
        parts = [value.indices(), value.values()]
        take(f"sparse {tuple(value.shape)} ".encode())
    else:
        parts = [value]
    for part in parts:
        take(f"tensor {part.dtype} {tuple(part.shape)} ".encode())
        take(part.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())


def _source(thing: Any) -> str:
    """The digest of the source of a thing, of its class, or of what it wraps."""
    if isinstance(thing, partial):
        return _source(thing.func)
    if isinstance(thing, nn.Module):
        kinds = {type(module) for module in thing.modules()}
        return _digest(sorted(source_digest(kind) for kind in kinds))
    named = isinstance(thing, type) or inspect.isfunction(thing)
    return source_digest(thing if named else type(thing))


def _made(model: Any) -> list[Any]:
    """What a module is made of, whatever its weights are, which are drawn anew; of what makes one,
    what it holds of its surroundings."""
    if not isinstance(model, nn.Module):
        return _state(model)
    weights = [(name, tuple(value.shape)) for name, value in model.named_parameters()]
    return [repr(model), weights, dict(model.named_buffers())]


def _state(thing: Any) -> list[Any]:
    """What a callable holds: arguments, variables of its surroundings, attributes."""
    if isinstance(thing, partial):
        return [*_state(thing.func), thing.args, thing.keywords]
    if inspect.isfunction(thing):
        return [dict(inspect.getclosurevars(thing).nonlocals), thing.__defaults__]
    return [] if isinstance(thing, type) else [dict(vars(thing))]
