"""Encoder inputs of a run: encodings that settings name, categories that data hold."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Any

from gnnlab.core.names import find_by_name, plain
from gnnlab.runner.settings.keys import check_keys

if TYPE_CHECKING:
    from torch import nn
    from torch_geometric.data import Data

    from gnnlab.contracts.encoder import Encoder
    from gnnlab.layers import Input
    from gnnlab.runner.settings.models import OwnModel

CHANNELS = 16
"""Width of an encoding's embedding that is given none."""


ADDED = (("probes", None), ("seed", 0))
"""Later settings of encodings with their defaults, at which they are left out of a run's name."""


def resolved_encoding(table: Any) -> dict[str, Any]:
    """The settings of ``[model.encoding]``, defaults filled in: of the transform and the embedding.

    Raises:
        ValueError: no name, an unknown one, or a key or value that does not fit.
    """
    from gnnlab.structure.transforms.listing import encodings, label

    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise ValueError(
            f"model.encoding is {table!r}, but it must be a table with a name: set "
            f"model.encoding.name to {' or '.join(encodings.names())}"
        )
    cls = encodings.find(table["name"])
    own = {field.name for field in fields(cls)}
    check_keys("model.encoding", table, {"name", *own, *_embedding()})
    given = {key: value for key, value in table.items() if key != "name"}
    transform = cls(**{key: value for key, value in given.items() if key in own})
    rest = {key: given.get(key, default) for key, default in _embedding().items()}
    if not cls.signed:
        if given.get("signs") is not None:
            raise ValueError(
                f"model.encoding.signs is {given['signs']!r}, but {plain(table['name'])} encodings "
                "have no signs: leave it out"
            )
        rest.pop("signs")
    kept = {key: value for key, value in asdict(transform).items() if (key, value) not in ADDED}
    found = {"name": label(cls), **kept, **rest}
    make_encoding(found)  # what cannot be built is refused here
    return found


def resolved_features(name: Any) -> dict[str, str]:
    """What stands in for a graph's features; nothing where it is its own.

    Raises:
        ValueError: another name.
    """
    known = {"own": None, "embedding": None, "constant": None}
    find_by_name("kind of features", str(name), known)
    return {} if plain(str(name)) == "own" else {"features": plain(str(name))}


def make_encoding(table: Mapping[str, Any]) -> Input:
    """Build what resolved settings name."""
    from gnnlab import layers
    from gnnlab.structure.transforms.listing import encodings

    cls = encodings.find(table["name"])
    own = {field.name for field in fields(cls)}
    transform = cls(**{key: value for key, value in table.items() if key in own})
    rest = {key: value for key, value in table.items() if key not in own and key != "name"}
    return layers.PositionalEncoder(transform, **rest)


def with_inputs(
    cls: type[Encoder] | OwnModel, settings: dict[str, Any], data: Any
) -> Callable[[], nn.Module]:
    """Return a function that builds the encoder behind what it needs before it.

    ``features`` are learned vectors or constant, if the settings say so. Codes of nodes'
    categories are embedded at the encoder's width; where it takes features as they are
    (``map_input=False``), with what an encoding puts beside them. Codes of edges are embedded at
    that width too, unless the encoder reads no edges or looks codes up by itself.
    """
    encoding, stand_in = settings.pop("encoding", None), settings.pop("features", None)
    x_sizes, edge_sizes = getattr(data, "x_sizes", ()), getattr(data, "edge_sizes", ())
    width, embeds = settings.get("hidden_channels", CHANNELS), False
    codes = width - _beside(encoding) if settings.get("map_input") is False else width
    if edge_sizes and "edge_dim" in settings and not cls.reads_codes:
        embeds, settings["edge_dim"] = True, width

    build_of: Callable[[int], nn.Module] = partial(cls, **settings)

    def build() -> nn.Module:
        from gnnlab import layers

        steps: list[Input] = []
        if stand_in == "embedding":
            steps.append(layers.NodeEmbedding(data.num_nodes, width))
        elif stand_in == "constant":
            steps.append(layers.ConstantFeatures())
        elif x_sizes:
            steps.append(layers.NodeCategories(x_sizes, codes))
        if embeds:
            steps.append(layers.EdgeCategories(edge_sizes, width))
        if encoding is not None:
            steps.append(make_encoding(encoding))
        if not steps:
            if not data.num_features and cls.reads_features:
                raise ValueError(
                    "data.x has 0 columns, so there is nothing to read: set model.features to "
                    "'constant', name an encoding, or choose other features of the data"
                )
            return build_of(data.num_features)
        return layers.WithInputs(data.num_features, steps, build_of)

    return build


def _beside(encoding: Mapping[str, Any] | None) -> int:
    """How many columns an encoding puts beside the features."""
    if encoding is None or encoding["combine"] != "concat":
        return 0
    return int(encoding["channels"])


def encoded(model: Mapping[str, Any], graphs: Sequence[Data]) -> list[Data]:
    """Compute the encoding that settings name, or find it on disk, for every graph."""
    from gnnlab import rewiring
    from gnnlab.structure.transforms.listing import encodings

    table = model["encoding"]
    cls = encodings.find(table["name"])
    own = {field.name: table[field.name] for field in fields(cls) if field.name in table}
    return rewiring.apply(cls(**own), graphs)


def _embedding() -> dict[str, Any]:
    """The settings of :class:`gnnlab.layers.PositionalEncoder` with their defaults."""
    from gnnlab import layers

    known = inspect.signature(layers.PositionalEncoder).parameters
    found = {name: parameter.default for name, parameter in known.items() if name != "transform"}
    return {**found, "channels": CHANNELS}
