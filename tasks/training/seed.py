"""Seeds: they fix all random draws inside a block, and change nothing outside it."""

from __future__ import annotations

import inspect
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from numbers import Integral

import numpy as np
import torch
from torch import nn

from gnnlab.contracts.built import arguments_of, remember
from gnnlab.core.arguments import shown
from gnnlab.tasks.training.foreign import adapted

_turn = threading.RLock()


@contextmanager
def isolated(device: torch.device) -> Iterator[None]:
    """Give the block generators of its own and put the caller's back, also after an exception.

    Args:
        device: where the block computes; of several CUDA devices only this one's generator is kept.
    """
    devices = [device] if device.type == "cuda" else []
    # The generators belong to the process, so that threads take turns.
    with _turn, torch.random.fork_rng(devices=devices):
        python, numpy = random.getstate(), np.random.get_state()
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def checked_seed(seed: int) -> int:
    """Return the seed, or refuse what is none.

    Raises:
        ValueError: no whole number from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise ValueError(
            f"seed is {shown(seed)}, but it must be a whole number from 0 to 2**32 - 1"
        )
    return int(seed)


def seed_all(seed: int, device: torch.device) -> None:
    """Seed the generators of torch, numpy and Python; call it inside :func:`isolated`."""
    random.seed(seed)
    np.random.seed(seed)
    # torch.manual_seed would also reseed CUDA devices that isolated() does not put back.
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)


def build(encoder: nn.Module | Callable[[], nn.Module]) -> tuple[nn.Module, bool]:
    """Return an encoder that the caller does not hold, and whether a callable made it."""
    if isinstance(encoder, nn.Module):
        return adapted(deepcopy(encoder)), False
    if isinstance(encoder, type) and (needed := _needed(encoder)):
        raise ValueError(
            f"the encoder is the class {encoder.__name__}, which cannot be built without "
            f"{', '.join(needed)}: give fit a module, {encoder.__name__}({needed[0]}, ...)"
        )
    made = encoder() if callable(encoder) else encoder
    if not isinstance(made, nn.Module):
        what = "the encoder callable returned" if callable(encoder) else "the encoder is"
        raise ValueError(
            f"{what} {made!r}, but a torch.nn.Module is needed: give fit a module, or a function "
            "without arguments that returns one"
        )
    _remember(made, encoder)
    # A function may hand out one module that the caller keeps.
    return adapted(deepcopy(made)), True


def _remember(made: nn.Module, by: Callable[[], nn.Module]) -> None:
    """Let a module of another library keep what it was built from, where the callable says so."""
    arguments = (by.args, by.keywords) if isinstance(by, partial) else ((), {})
    cls = by.func if isinstance(by, partial) else by
    if isinstance(cls, type) and arguments_of(made) is None:
        remember(made, *arguments[0], **arguments[1])


def _needed(cls: type) -> list[str]:
    """The arguments without which a class cannot be built."""
    known = inspect.signature(cls).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one.name for one in known if one.kind in kinds and one.default is one.empty]


def reset(encoder: nn.Module, fresh: bool) -> None:
    """Draw every parameter anew through ``reset_parameters``, children before their parents.

    Args:
        encoder: changed in place.
        fresh: whether the module was just built under the seed; if not, a parameter that no
            ``reset_parameters`` reaches would carry the caller's training into the result.

    Raises:
        ValueError: such a parameter.
    """
    reached: set[nn.Parameter] = set()
    for module in reversed(list(encoder.modules())):
        again = getattr(module, "reset_parameters", getattr(module, "_reset_parameters", None))
        if callable(again):
            again()
            reached.update(module.parameters())
    left = [name for name, p in encoder.named_parameters() if p not in reached]
    if left and not fresh:
        raise ValueError(
            f"{type(encoder).__name__} cannot be re-initialised, because no reset_parameters() "
            f"reaches {left[0]}: add one, or give fit a function that builds the encoder"
        )
