"""Parameter memory of a model, checked before it is allocated."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from numbers import Integral
from typing import Any, TypeVar

import torch
from torch import nn

from gnnlab.core.settings import checked
from gnnlab.kernels.budget import require_memory

Class = TypeVar("Class", bound=type[Any])
MANY = 1 << 27
"""Where the product of all whole numbers that a module is built from is below it, no one asks."""
DEEPEST = 10_000
"""Layers that a model has at most: each is some objects of Python, however narrow."""
DEPTHS = ("num_layers", "num_steps")
"""Settings that say how often something is repeated."""


def measured(cls: Class) -> Class:
    """Check a class's settings by their types when it is built, and a module's also by what its
    parameters would take.

    A module of large numbers is built on torch's meta device first, where nothing is allocated and
    no random number is drawn.
    """
    if not issubclass(cls, nn.Module):
        return cls
    if "__init__" in vars(cls):
        cls.__init__ = _measuring(cls, cls.__init__)  # type: ignore[method-assign]
    checked(cls)
    return cls


def _measuring(cls: type[nn.Module], build: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(build)

    @functools.wraps(build)
    def call(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        try:
            given = signature.bind(self, *args, **kwargs).arguments
        except TypeError:
            build(self, *args, **kwargs)  # Python says best which setting there is not
            return
        for name in DEPTHS:
            check_depth(name, given.get(name, 1))
        if _product(list(given.values())) >= MANY and torch.get_default_device().type != "meta":
            _require_parameters(cls, args, kwargs)
        build(self, *args, **kwargs)

    return call


def check_depth(name: str, value: Any) -> None:
    """Refuse more layers than a model could be built of.

    Raises:
        ValueError: with their number.
    """
    if isinstance(value, Integral) and int(value) > DEEPEST:
        raise ValueError(
            f"{name} is {value}, but a model has at most {DEEPEST:,} layers: take fewer"
        )


def _product(values: list[Any]) -> int:
    """The product of all whole numbers, also of those in lists."""
    flat = [
        one for value in values for one in (value if isinstance(value, (list, tuple)) else [value])
    ]
    whole = [abs(int(one)) for one in flat if isinstance(one, Integral)]
    return math.prod(one for one in whole if one)


def _require_parameters(cls: type[nn.Module], args: Any, kwargs: Any) -> None:
    """Refuse a module whose parameters would not fit into memory.

    Raises:
        ValueError: with how many bytes they take.
    """
    sizes = ", ".join(
        [*(f"{one}" for one in args if isinstance(one, Integral))]
        + [f"{name}={one}" for name, one in kwargs.items() if isinstance(one, Integral)]
    )
    told = f"{cls.__name__}({sizes})"
    try:
        with torch.device("meta"):
            made = cls(*args, **kwargs)
    except (RuntimeError, OverflowError) as error:
        if "overflow" not in str(error).lower():
            raise
        raise ValueError(
            f"{told} would have more parameters than 64 bits count: take narrower layers"
        ) from error
    held = [*made.parameters(), *made.buffers()]
    needed = sum(one.numel() * one.element_size() for one in held)
    require_memory(
        needed, f"{told}, of which parameters alone are counted,", "take narrower layers"
    )
