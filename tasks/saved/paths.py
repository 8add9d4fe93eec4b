"""Import paths: classes by name, written down and found again without running anything else."""

from __future__ import annotations

import re
import sys
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
FUNCTIONS = {
    **{f"torch.nn.functional:{name}": getattr(F, name) for name in (
        "celu", "elu", "gelu", "leaky_relu", "relu", "relu6", "selu", "silu", "softplus",
    )},
    **{f"torch:{name}": getattr(torch, name) for name in ("relu", "sigmoid", "tanh")},
}  # fmt: skip
"""Functions that a file may name: activations alone, since a file could have others called."""


def path_of(thing: Any) -> str:
    """Write a class as ``package.module:Name``, by the shortest package that exports it."""
    module, name = thing.__module__, thing.__qualname__
    parts = module.split(".")
    for count in range(1, len(parts)):
        package = sys.modules.get(".".join(parts[:count]))
        if name in getattr(package, "__all__", ()) and getattr(package, name, None) is thing:
            return f"{'.'.join(parts[:count])}:{name}"
    return f"{module}:{name}"


def is_found(thing: type) -> bool:
    """Whether another process finds the class by its path: no script's own, and none of a block."""
    path = path_of(thing)
    if path.startswith("__main__:") or not PATH.fullmatch(path):
        return False
    try:
        return _reached(path) is thing
    except (ImportError, AttributeError):
        return False


def find_class(path: Any, where: str) -> type:
    """Import the module class, or the class of frozen settings, that a file names.

    Args:
        where: the file, for messages.

    Raises:
        ValueError: no such path, a module that is not installed, or what is no such class.
    """
    if not isinstance(path, str) or not PATH.fullmatch(path) or path.startswith("__main__:"):
        raise ValueError(
            f"{where} names {path!r:.80}, which no import finds: give load(path, encoder=...) the "
            "encoder, built as it was"
        )
    try:
        found = _reached(path)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"{where} names {path}, which cannot be imported here ({error}): install what it is of"
        ) from error
    settings = isinstance(found, type) and is_dataclass(found)
    if not isinstance(found, type) or not (issubclass(found, nn.Module) or settings):
        raise ValueError(
            f"{where} names {path}, which is no class of modules or of settings, so it is not "
            "called: take a file that gnnlab wrote"
        )
    return found


def _reached(path: str) -> Any:
    module, _, name = path.partition(":")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
