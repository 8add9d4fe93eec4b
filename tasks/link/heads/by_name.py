"""Link heads by name, with their settings: the modules that score pairs of nodes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from torch import nn

from gnnlab.contracts.built import remember
from gnnlab.core.arguments import shown
from gnnlab.core.registry import Family
from gnnlab.tasks.link.heads.pair_head import PairHead, declared_head
from gnnlab.tasks.training.seed import reset

Head = str | Mapping[str, Any] | Callable[[int], nn.Module] | nn.Module
"""A name, a table of a name and settings, what makes a head of the width of the states, or a head,
of which a copy is taken and its weights drawn anew.

A head is a module ``(h (N, H), adj, pairs (2, P)) -> logits (P,)``: ``adj`` is the
:class:`gnnlab.ops.Adjacency` of the message edges, without the links that are being predicted. One
whose logits are dot products may say of what, ``factors(h) -> (N, H)``: all pairs of a graph are
then scored at once where they are ranked.
"""


heads: Family[type[PairHead]] = Family(
    "head", "gnnlab.tasks", lambda cls: issubclass(cls, PairHead), short=lambda cls: cls.short
)


def resolved_head(head: Head) -> dict[str, Any] | Callable[[int], nn.Module]:
    """Return a head's table with its class's name and every setting that is not None.

    Raises:
        ValueError: no name, an unknown one, or a setting that the head does not have.
    """
    if isinstance(head, str):
        head = {"name": head}
    if isinstance(head, nn.Module):
        return Copied(head)
    if not isinstance(head, Mapping):
        if callable(head):
            return head
        raise ValueError(
            f"head is {shown(head)}, but it is a name such as 'dot', a table with a name, a head "
            "such as tasks.NCN(width), or a function that makes one of a width"
        )
    if not isinstance(head.get("name"), str):
        raise ValueError(f"head is {dict(head)!r}, but a table needs a name: set head.name='dot'")
    cls = heads.find(head["name"])
    settings = {key: value for key, value in head.items() if key != "name"}
    known = dict(inspect.signature(cls).parameters)
    known.pop("in_channels")
    for key in settings:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise ValueError(f"{cls.__name__} has no setting {key!r}; {hint}")
    full = {key: settings.get(key, parameter.default) for key, parameter in known.items()}
    return {"name": cls.__name__, **{key: v for key, v in full.items() if v is not None}}


def make_head(head: Head, in_channels: int) -> nn.Module:
    """Build a head for states of a width.

    Raises:
        ValueError: what the head refuses, or what was made is no module.
    """
    table = resolved_head(head)
    if isinstance(table, dict):
        settings = {key: value for key, value in table.items() if key != "name"}
        return heads.find(table["name"])(in_channels, **settings)
    made = table(in_channels)
    if not isinstance(made, nn.Module):
        raise ValueError(f"head made {made!r}, but a torch.nn.Module is needed")
    if isinstance(table, type):
        remember(made, in_channels)
    return _checked(made, in_channels)


@dataclass(frozen=True, eq=False)
class Copied:
    """Gives copies of a head, their weights drawn anew."""

    head: nn.Module

    def __call__(self, in_channels: int) -> nn.Module:
        made = deepcopy(self.head)
        reset(made, False)
        return made


def _checked(head: nn.Module, in_channels: int) -> nn.Module:
    """Refuse what cannot be called as a head of that width."""
    name = type(head).__name__
    own = declared_head(head).in_channels
    try:
        inspect.signature(head.forward).bind(None, None, None)
    except TypeError as error:
        raise ValueError(
            f"{name} cannot score pairs ({error}): a head's forward takes the states h (N, H), the "
            "graph adj and the pairs (2, P), and returns (P,)"
        ) from None
    if own not in (None, in_channels):
        raise ValueError(
            f"{name}.in_channels is {own}, but the encoder's states are {in_channels} wide: build "
            f"it with {in_channels}, or give the class, which is built for the encoder"
        )
    return head
