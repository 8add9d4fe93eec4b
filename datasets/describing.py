"""Descriptions of data sets by name: their cards, and the papers to cite."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.contracts.data import check_edges
from gnnlab.contracts.described import refuse_other_graphs
from gnnlab.contracts.nodes import count_nodes
from gnnlab.datasets.cards.card import Card, describe_nodes
from gnnlab.datasets.cards.given_graphs import GivenCard, describe_given
from gnnlab.datasets.cards.graph import GraphsCard, describe_graphs
from gnnlab.datasets.cards.link import LinkCard, describe_links
from gnnlab.datasets.cards.own_graph import OwnCard, describe_own_graph
from gnnlab.datasets.cards.own_graphs import describe_own_graphs
from gnnlab.datasets.catalogue.records import Citation, Record, citations, normal
from gnnlab.datasets.generators import GENERATORS
from gnnlab.datasets.kinds.link import load_links
from gnnlab.datasets.kinds.node import FlawWarning, load_record
from gnnlab.datasets.loading import find_record, load, load_many, refuse_settings
from gnnlab.datasets.splits.of_nodes import split_name
from gnnlab.datasets.values.graphs import Graphs

if TYPE_CHECKING:
    from torch_geometric.data import Data


def card(
    name: str | Data | Graphs,
    *,
    source: str | None = None,
    split: str | None = None,
    seed: int | None = None,
    root: str | Path | None = None,
    **settings: Any,
) -> Card | GivenCard | GraphsCard | LinkCard | OwnCard:
    """Load a set and describe it, or describe a graph or a set of graphs that is given.

    Args:
        name: of a set, with arguments as those of ``load``; or what is to be described, alone.

    Raises:
        ValueError, FileNotFoundError: as ``load``; arguments beside a graph.

    Cost: O(E log E).

    Example:
        >>> from torch_geometric.data import Data
        >>> pair = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> print(card(pair).flaws[0])
        1 nodes have no neighbour, and are told by their features alone
    """
    if not isinstance(name, str):
        asked = {"source": source, "split": split, "seed": seed, "root": root, **settings}
        return _of_given(name, [key for key, value in asked.items() if value is not None])
    if normal(name) in map(normal, GENERATORS):
        data: Any = load(name, source=source, split=split, seed=seed, **settings)
        own: dict[str, Any] = {
            "source": "generated",
            "origin": "gnnlab.datasets." + normal(name).removesuffix("_generated"),
            "licence": "none needed",
        }
        if isinstance(data, Graphs):
            return describe_graphs(data, split="random, stratified", **own)
        return describe_nodes(data, edges_stored=data.edge_index.shape[1], directed=False, **own)
    record = find_record(name, source)
    if record.task == "graph":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FlawWarning)  # the card says it as a flaw
            found = load_many(record, split_name(record, split, seed), root, settings)
        if "serves" in record.options:
            return describe_given(record, found, _papers(_cited(record, found.split)))
        return describe_graphs(
            found,
            source=record.source,
            origin=record.origin,
            licence=record.licence,
            flaws=record.flaws,
            citation=_papers(_cited(record, found.split)),
        )
    refuse_settings(record, settings)
    if record.task == "link":
        links, read = load_links(record, split, seed, root)
        return describe_links(record, links, read, _papers(record.citations))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FlawWarning)  # the card says it as a flaw
        data, raw = load_record(record, split_name(record, split, seed), root)
    return describe_nodes(
        data,
        edges_stored=raw.edge_index.shape[1],
        directed=record.directed,
        source=record.source,
        origin=record.origin,
        licence=record.licence,
        task=record.task,
        flaws=record.flaws,
        citation=_papers(_cited(record, data.split)),
    )


def _of_given(data: Any, asked: list[str]) -> OwnCard:
    """Describe what is at hand."""
    if asked:
        raise ValueError(
            f"{asked[0]} is for sets that are loaded by name, and a {type(data).__name__} was "
            "given: leave it out"
        )
    if isinstance(data, Graphs):
        return describe_own_graphs(data)
    refuse_other_graphs(data)
    check_edges(data, count_nodes(data))
    return describe_own_graph(data)


def cite(name: str, source: str | None = None) -> tuple[Citation, ...]:
    """Return the papers to cite for a set, without opening its files; none for a generated one.

    Raises:
        ValueError: unknown name or source (the nearest are offered).
    """
    if normal(name) in map(normal, GENERATORS):
        return ()
    return _papers(find_record(name, source).citations)


def _cited(record: Record, split: str) -> list[str]:
    """The papers of a set and of its split."""
    own = [record.splits[split].citation] if split in record.splits else []
    return [*record.citations, *own]


def _papers(keys: Iterable[str]) -> tuple[Citation, ...]:
    return tuple(citations()[key] for key in dict.fromkeys(keys))
