"""Stored structures: tensors found in a graph's edges, with a stamp that says of which graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.nodes import count_nodes
from gnnlab.ops import Adjacency, remember
from gnnlab.structure.stored.fingerprint import (
    Bounds,
    checksum,
    checksum_of,
    graph_digests,
    part_checksums,
    row_digests,
)

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Stored:
    """Keys of a graph, and the stamp beside them that tells what they are of.

    A stamp is one text, ``settings digest checksums``: the settings they were found with, a hash of
    the graph's nodes and edges, and a checksum of each key's values. PyG makes a list of the stamps
    of a batch, and each is compared with that graph's part of the batch. Where there is no stamp,
    the values are the user's own, and nothing is compared.

    Args:
        keys: the names of the tensors.
        stamp: the name of the stamp.
        settings: what the stamp says of the settings.
        made_by: what finds them, written down where they are refused.
        rows: whether they have a row for each row of ``edge_index``, so that its order counts.
    """

    keys: tuple[str, ...]
    stamp: str
    settings: str
    made_by: object
    rows: bool = False

    @property
    def again(self) -> str:
        """What finds them anew, as one would write it."""
        return f"{self.made_by}(data)"

    def written(self, digest: str, values: Sequence[Tensor]) -> str:
        """The stamp of values that were found in the graph with this hash."""
        return f"{self.settings} {digest} {'-'.join(map(checksum_of, values))}"

    def holds(self, data: Data) -> bool:
        """Whether a graph has these keys, of itself and with these settings, as they were found."""
        stored = data.to_dict()
        told, values = stored.get(self.stamp), [stored.get(key) for key in self.keys]
        if not isinstance(told, str) or not all(isinstance(value, Tensor) for value in values):
            return False
        settings, digest, sums = _parts(told)
        bounds = (0, count_nodes(data, stored))
        return (
            settings == self.settings
            and len(sums) == len(values)
            and (digest,) == self._digests(data.edge_index, bounds)
            and all(_same(own, checksum(value)) for own, value in zip(sums, values, strict=True))
        )

    def values(self, data: Data) -> list[Tensor]:
        """The tensors, or a refusal where one is missing.

        Raises:
            ValueError: a key is missing or holds something else.
        """
        found: list[Any] = [getattr(data, key, None) for key in self.keys]
        place = getattr(data.edge_index, "device", None)
        if missing := [f"data.{k}" for k, v in zip(self.keys, found, strict=True) if v is None]:
            raise ValueError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: call "
                f"encoder.transform(data) first (fit does), or {self.again}"
            )
        for key, value in zip(self.keys, found, strict=True):
            if not isinstance(value, Tensor) or value.layout is not torch.strided:
                kind = value.layout if isinstance(value, Tensor) else f"a {type(value).__name__}"
                self.refuse(f"data.{key} is {kind}, but a dense tensor is stored there")
            elif place not in (None, value.device):
                raise ValueError(
                    f"data.{key} lies on {value.device}, but data.edge_index on {place}: move the "
                    "graph as one, with data.to(device)"
                )
        return found

    def require(
        self, data: Data, values: Sequence[Tensor], num_nodes: int, fits: Callable[[str], bool]
    ) -> None:
        """Refuse keys that were found in another graph or edited, as far as a stamp tells.

        Nothing is hashed twice while the tensors live unchanged.

        Args:
            data: a graph or a batch.
            values: its tensors, as :meth:`values` gives them.
            num_nodes: N.
            fits: whether keys of these settings can be read.

        Raises:
            ValueError: which key, of which graph, and what finds it anew.
        """
        told: Any = getattr(data, self.stamp, None)
        bounds: Bounds = (0, num_nodes)
        if told is None:
            return
        if isinstance(told, list) and getattr(data, "batch", None) is not None:
            bounds = node_bounds(data)
        stamps = told if isinstance(told, list) else [told]
        if not all(isinstance(own, str) for own in stamps):
            self.refuse(f"data.{self.stamp} is {told!r}, which is no stamp")
        parts = [_parts(own) for own in stamps]
        for settings in dict.fromkeys(own[0] for own in parts):
            if not fits(settings):
                self.refuse(
                    f"data.{self.stamp} tells of settings {settings!r}, but the encoder reads "
                    f"{self.settings!r}"
                )
        edge_index = Adjacency.of(data.edge_index, num_nodes).edge_index
        self._check_graphs([own[1] for own in parts], self._digests(edge_index, bounds))
        for place, (key, value) in enumerate(zip(self.keys, values, strict=True)):
            sums = [own[2][place] if place < len(own[2]) else "none" for own in parts]
            self._check_values(key, sums, _checksums(data, key, value, bounds))

    def refuse(self, what: str) -> None:
        """Say what is wrong, and what finds the keys anew.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{what}: run {self.again} again, as encoder.transform(data) does")

    def _digests(self, edge_index: Tensor, bounds: Bounds) -> tuple[str, ...]:
        return (row_digests if self.rows else graph_digests)(edge_index, bounds)

    def _check_graphs(self, told: list[str], seen: tuple[str, ...]) -> None:
        if len(told) != len(seen):
            self.refuse(
                f"data.{self.stamp} tells of {len(told)} graphs, but the data holds {len(seen)}"
            )
        for number, (one, other) in enumerate(zip(told, seen, strict=True)):
            if one != other:
                self.refuse(
                    f"data.{self.keys[0]} was found before the edges or nodes"
                    f"{_of_graph(number, seen)} were changed"
                )

    def _check_values(self, key: str, told: list[str], seen: list[str]) -> None:
        for number, (one, other) in enumerate(zip(told, seen, strict=False)):
            if not _same(one, other):
                where = _of_graph(number, told) if len(seen) == len(told) else ""
                self.refuse(
                    f"data.{key}{where} is not what {self.stamp} says was stored there (delete "
                    "that stamp to read values of your own)"
                )


def node_bounds(data: Data) -> Bounds:
    """Where the nodes of each graph of a batch begin, and N: ``ptr``, or counted."""
    bounds = getattr(data, "ptr", None)
    if bounds is not None:
        found: Bounds = remember(bounds, "bounds", lambda: tuple(bounds.tolist()))
        return found
    return (0, *data.batch.bincount(minlength=int(data.num_graphs)).cumsum(0).tolist())


def _checksums(data: Data, key: str, value: Tensor, bounds: Bounds) -> list[str]:
    """The checksum of each graph's part of a key; none where PyG has not joined them."""
    if len(bounds) == 2:
        return [checksum(value)]
    cuts = getattr(data, "_slice_dict", {}).get(key)
    if cuts is None:
        return []
    cuts, index = tuple(torch.as_tensor(cuts).tolist()), "index" in key
    if len(cuts) != len(bounds) or cuts[-1] != value.shape[-1 if index else 0]:
        return ["none"]
    return part_checksums(value, cuts, bounds if index else None)


def _parts(told: str) -> tuple[str, str, list[str]]:
    """Settings, digest and checksums; empty where a stamp is of another form."""
    parts = told.rsplit(" ", 2)
    return (parts[0], parts[1], parts[2].split("-")) if len(parts) == 3 else (told, "", [])


def _same(told: str, seen: str) -> bool:
    return told == seen or not seen


def _of_graph(number: int, all_of_them: Any) -> str:
    return f" of graph {number} of the batch" if len(all_of_them) > 1 else ""
