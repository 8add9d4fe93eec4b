"""Link splits of a run: the protocol and its settings, ``[task.links]``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gnnlab.core.arguments import check_choice
from gnnlab.core.names import find_by_name
from gnnlab.runner.settings.keys import check_keys

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.tasks import LinkSplit

OFFERED = ("hard", "ncn", "official", "random")


def resolved_links(table: Any) -> dict[str, Any]:
    """The protocol's name and all its settings, defaults filled in.

    Raises:
        ValueError: an unknown protocol, or a setting that it does not have.
    """
    if not isinstance(table, Mapping):
        raise ValueError(
            f"task.links is {table!r}, but it must be a table: set task.links.protocol or another "
            "key of it"
        )
    name = find_by_name("protocol", str(table.get("protocol", "random")), {n: n for n in OFFERED})
    known = {**_defaults(name), "valid_as_input": False}
    check_keys("task.links", table, {"protocol", *known})
    found = {key: table.get(key, default) for key, default in known.items()}
    if not isinstance(found["valid_as_input"], bool):
        raise ValueError(
            f"task.links.valid_as_input is {found['valid_as_input']!r}, but it must be true or "
            "false"
        )
    check_choice("task.links.kinds", found["kinds"], ("auto", "one"))
    # It came later and is left out by default: runs from before keep their names.
    kept = {key: value for key, value in found.items() if (key, value) != ("kinds", "auto")}
    return {"protocol": name, **kept}


def message_graph(links: Mapping[str, Any], data: Data, split: int) -> Data:
    """Split the links of a graph and return its message graph; the split's number is the seed.

    Raises:
        ValueError: what the split refuses, or an official one of data that has none.
    """
    settings = dict(links)
    draw, also = _protocols()[settings.pop("protocol")], settings.pop("valid_as_input")
    drawn = draw(data, split, **settings)
    return (drawn.with_valid_as_input() if also else drawn).graph(data)


def _protocols() -> dict[str, Callable[..., LinkSplit]]:
    from gnnlab.tasks import LinkSplit

    def random(data: Data, seed: int, **settings: Any) -> LinkSplit:
        return LinkSplit.random(data, seed=seed, **settings)

    def hard(data: Data, seed: int, **settings: Any) -> LinkSplit:
        return LinkSplit.hard(data, seed=seed, **settings)

    return {"hard": hard, "ncn": LinkSplit.ncn, "official": _official, "random": random}


def _official(data: Data, seed: int, kinds: str = "auto") -> LinkSplit:
    from gnnlab.tasks import LinkSplit

    parts = getattr(data, "link_parts", None)
    if parts is None or seed:
        told = "has no published split" if parts is None else "has one published split, number 0"
        raise ValueError(
            f"{data.name} {told}: take task.links.protocol=random, or another split number"
        )
    return LinkSplit.official(data, parts, kinds=kinds)


def _defaults(name: str) -> dict[str, Any]:
    """The settings of a protocol."""
    from gnnlab.tasks import LinkSplit
    from gnnlab.tasks.link.splits.hard_negatives import with_hard_negatives

    def of(function: Any) -> dict[str, Any]:
        known = inspect.signature(function).parameters.values()
        return {p.name: p.default for p in known if p.default is not inspect.Parameter.empty}

    if name == "random":
        found = of(LinkSplit.random)
    elif name == "hard":
        found = {**of(with_hard_negatives), **of(LinkSplit.hard)}
    else:
        found = {"kinds": "auto"}
    return {key: value for key, value in found.items() if key not in ("seed", "x")}
