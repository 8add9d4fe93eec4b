"""Graph files: GraphML, GML and GEXF, read by NetworkX."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.datasets.files.damage import in_brief
from gnnlab.datasets.files.sources import checksum
from gnnlab.datasets.own.networkx_graph import from_networkx
from gnnlab.datasets.own.tabular.text_files import kind_of_name

if TYPE_CHECKING:
    from torch_geometric.data import Data

NETWORKX = (".graphml", ".gml", ".gexf")
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open}


def graph_of_file(path: Path, **options: Any) -> Data:
    """Read a GraphML, GML or GEXF file, packed or not.

    Args:
        path: of the file; its ending says which it is.
        options: as :func:`gnnlab.datasets.from_networkx` takes them.

    Raises:
        ValueError: a file that NetworkX cannot read, and as ``from_networkx``.
    """
    import networkx as nx

    kind = kind_of_name(path)
    readers: dict[str, Callable[[Any], Any]] = {
        ".graphml": nx.read_graphml,
        ".gexf": nx.read_gexf,
        ".gml": nx.read_gml,
    }
    with OPENERS.get(path.suffix.lower(), open)(path, "rb") as file:
        try:
            graph = readers[kind](file)
        except Exception as error:  # parsers of three formats can raise nearly anything
            raise ValueError(
                f"{path} cannot be read as {kind[1:].upper()} ({in_brief(error)}): write it anew"
            ) from None
    if kind == ".gexf":  # what a node is called, which is no class, and numbers of edges
        for _, attributes in graph.nodes(data=True):
            attributes.pop("label", None)
        for *_, attributes in graph.edges(data=True):
            attributes.pop("id", None)
    return _told(from_networkx(graph, **{"name": _stem(path), **options}), path)


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _told(data: Data, path: Path) -> Data:
    data.raw_hash = checksum(path)
    return data
