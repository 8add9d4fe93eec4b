"""Spelling of modules: constructor arguments as JSON, and modules built from it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gnnlab.contracts.built import arguments_of
from gnnlab.contracts.encoder import Encoder
from gnnlab.core.arguments import plain, shown
from gnnlab.tasks.saved.paths import FUNCTIONS, find_class, is_found, path_of
from gnnlab.tasks.training.foreign import FromTensors, adapted

ENCODER = {"encoder": True}
"""Stands where a model takes its encoder, which is spelled apart."""


class Unwritable(ValueError):
    """An argument that JSON cannot hold."""


@dataclass
class Speller:
    """Writes values as JSON; tensors go into a table beside it.

    Args:
        encoder: what is written as ``ENCODER``.
        tensors: what arguments hold of tensors, by name.
    """

    encoder: nn.Module | None = None
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def spelled(self, value: Any) -> Any:
        """Return the value as JSON.

        Raises:
            Unwritable: it holds something else.
        """
        value = plain(value)
        value = float(value) if isinstance(value, np.floating) else value
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, list):
            return [self.spelled(one) for one in value]
        if isinstance(value, tuple):
            return {"tuple": [self.spelled(one) for one in value]}
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {"table": {key: self.spelled(one) for key, one in value.items()}}
        if isinstance(value, Tensor):
            name = f"@{len(self.tensors)}"
            self.tensors[name] = value.detach().cpu()
            return {"tensor": name}
        if isinstance(value, nn.Module):
            return self.module(value)
        return self._named(value)

    def module(self, module: nn.Module) -> dict[str, Any]:
        """Return what builds a module: its class and its arguments; ``unknown`` without them."""
        if module is self.encoder:
            return dict(ENCODER)
        tree = self._of_arguments(module)
        said = measured_of(module)
        return {"measured": tree, "as": said} if said and "unknown" not in tree else tree

    def _of_arguments(self, module: nn.Module) -> dict[str, Any]:
        if isinstance(module, FromTensors):
            return {"adapted": self.module(module.module)}
        cls, given = type(module), arguments_of(module)
        if given is None or not is_found(cls):
            return {"unknown": path_of(cls)}
        try:
            return {
                "module": path_of(cls),
                "arguments": [self.spelled(one) for one in given.values],
                "settings": {key: self.spelled(one) for key, one in given.settings.items()},
            }
        except Unwritable as error:
            return {"unknown": path_of(cls), "why": str(error)}

    def _named(self, value: Any) -> dict[str, Any]:
        """What has a name of its own: a class, one with arguments, settings, an activation."""
        if isinstance(value, type) and issubclass(value, nn.Module) and is_found(value):
            return {"class": path_of(value)}
        if isinstance(value, partial) and isinstance(value.func, type):
            return {
                "partial": self.spelled(value.func),
                "arguments": [self.spelled(one) for one in value.args],
                "settings": {key: self.spelled(one) for key, one in value.keywords.items()},
            }
        if is_dataclass(value) and is_found(type(value)):
            own = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
            return {
                "fields": {key: self.spelled(one) for key, one in own.items()},
                "of": path_of(type(value)),
            }
        for path, function in FUNCTIONS.items():
            if value is function:
                return {"function": path}
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).removeprefix("torch.")}
        raise Unwritable(f"{shown(value)} cannot be written as JSON")


MEASURED = ("level", "hidden_channels", "out_channels")
"""What ``fit`` finds out about a module of another library, and notes on it."""


def measured_of(module: nn.Module) -> dict[str, Any]:
    """What is noted on a module of another library, as plain values."""
    if isinstance(module, Encoder) and not isinstance(module, FromTensors):
        return {}
    found = {name: vars(module).get(name) for name in MEASURED}
    plain = all(value is None or isinstance(value, int | str) for value in found.values())
    return found if plain and found.keys() <= vars(module).keys() else {}


def unknown(tree: Any) -> list[tuple[str, str]]:
    """Return the modules in what was spelled that cannot be built from it, and why, if told."""
    if isinstance(tree, list):
        return [found for one in tree for found in unknown(one)]
    if not isinstance(tree, dict):
        return []
    if "unknown" in tree:
        return [(str(tree["unknown"]), str(tree.get("why", "")))]
    return [found for one in tree.values() for found in unknown(one)]


@dataclass
class Builder:
    """Builds what was spelled.

    Args:
        where: the file, for messages.
        tensors: those that arguments name.
        encoder: what stands for ``ENCODER``.
    """

    where: str
    tensors: Mapping[str, Tensor]
    encoder: nn.Module | None = None

    def built(self, tree: Any) -> Any:
        """Return the value.

        Raises:
            ValueError: what no file of ours holds, a class that is not there, or what it refuses.
        """
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        if isinstance(tree, list):
            return [self.built(one) for one in tree]
        if isinstance(tree, dict):
            for name in KINDS:
                if name in tree:
                    return getattr(self, f"_{name}")(tree)
        raise ValueError(f"{self.where} holds {shown(tree)}, which gnnlab does not write")

    def _encoder(self, tree: dict[str, Any]) -> nn.Module | None:
        return self.encoder

    def _measured(self, tree: dict[str, Any]) -> nn.Module:
        module: nn.Module = self.built(tree["measured"])
        for name in MEASURED:
            value = dict(tree["as"]).get(name)
            if value is None or isinstance(value, int | str):
                setattr(module, name, value)
        return module

    def _adapted(self, tree: dict[str, Any]) -> nn.Module:
        return adapted(self.built(tree["adapted"]))

    def _module(self, tree: dict[str, Any]) -> Any:
        return self._called(find_class(tree["module"], self.where), tree)

    def _partial(self, tree: dict[str, Any]) -> Any:
        cls = self.built(tree["partial"])
        arguments, settings = self._arguments(tree)
        return partial(cls, *arguments, **settings)

    def _class(self, tree: dict[str, Any]) -> type:
        return find_class(tree["class"], self.where)

    def _fields(self, tree: dict[str, Any]) -> Any:
        cls = find_class(tree.get("of"), self.where)
        return self._called(cls, {"settings": tree["fields"]})

    def _function(self, tree: dict[str, Any]) -> Any:
        if tree["function"] not in FUNCTIONS:
            raise ValueError(
                f"{self.where} names the function {shown(tree['function'])}, but activations alone "
                "are taken from a file: give load(path, encoder=...) the encoder, built as it was"
            )
        return FUNCTIONS[tree["function"]]

    def _dtype(self, tree: dict[str, Any]) -> torch.dtype:
        found = getattr(torch, str(tree["dtype"]), None)
        if not isinstance(found, torch.dtype):
            raise ValueError(
                f"{self.where} names {shown(tree['dtype'])}, which is no type of torch"
            )
        return found

    def _float(self, tree: dict[str, Any]) -> float:
        if tree["float"] not in ("inf", "-inf", "nan"):
            raise ValueError(f"{self.where} names {shown(tree['float'])}, which is no such number")
        return float(tree["float"])

    def _tuple(self, tree: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self.built(list(tree["tuple"])))

    def _table(self, tree: dict[str, Any]) -> dict[str, Any]:
        return {key: self.built(one) for key, one in dict(tree["table"]).items()}

    def _tensor(self, tree: dict[str, Any]) -> Tensor:
        if tree["tensor"] not in self.tensors:
            raise ValueError(
                f"{self.where} names the tensor {shown(tree['tensor'])}, which is not among the "
                "weights: the two are not of one model"
            )
        return self.tensors[tree["tensor"]].clone()

    def _unknown(self, tree: dict[str, Any]) -> Any:
        raise ValueError(
            f"{self.where} is of a {tree['unknown']}, whose arguments are not known: build one as "
            "it was, and give it to load(path, encoder=...)"
        )

    def _arguments(self, tree: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        arguments = [self.built(one) for one in list(tree.get("arguments", ()))]
        return arguments, {k: self.built(one) for k, one in dict(tree.get("settings", {})).items()}

    def _called(self, cls: type, tree: dict[str, Any]) -> Any:
        arguments, settings = self._arguments(tree)
        try:
            return cls(*arguments, **settings)
        except Exception as error:  # whatever the class does not take
            raise ValueError(
                f"{self.where} says how {cls.__name__} was built, but it cannot be built so here "
                f"({error}): take the version that the file names"
            ) from error


KINDS = (
    *(
        "encoder",
        "measured",
        "adapted",
        "module",
        "partial",
        "class",
        "fields",
        "function",
        "dtype",
        "float",
    ),
    *("tuple", "table", "tensor", "unknown"),
)
"""What a value that is no plain JSON is written as."""
