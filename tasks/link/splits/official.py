"""Official link splits of the Open Graph Benchmark: positives and negatives as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.nodes import count_nodes
from gnnlab.structure.graphs.node_kinds import Kinds, joined_kinds, kinds_of
from gnnlab.structure.graphs.pair_keys import Array, arc_keys
from gnnlab.tasks.link.splits.parts import PARTS, LinkParts

if TYPE_CHECKING:
    from torch_geometric.data import Data


def official_links(
    data: Data,
    parts: Mapping[str, Mapping[str, Any]],
    *,
    valid_as_input: bool = False,
    kinds: Kinds = "auto",
) -> LinkParts:
    """Take the positives and negatives that a dataset comes with, as they are.

    Each part is a table: ``edge`` (P, 2) and, of validation and test, ``edge_neg`` (Q, 2); or,
    where targets of given sources are ranked, ``source_node`` (P,), ``target_node`` (P,) and
    ``target_node_neg`` (P, K). What else it holds (years, weights) is passed over. The message
    edges are those of ``data``, which are undirected where each has its reverse.

    Published splits may repeat pairs and hold positives that were joined before: they are kept, and
    ``split.overlaps()`` counts them.

    Args:
        data: with the training edges alone.
        parts: tables ``train``, ``valid`` and ``test``.
        valid_as_input: read validation links when test is predicted.
        kinds: of nodes, as in :func:`gnnlab.tasks.link.splits.drawn.random_links`; ``auto`` is
            ``one`` where published negatives join other kinds than links do, so that training draws
            as it is judged.

    Raises:
        ValueError: a table or a key is missing, or tensors do not fit.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687).
    """
    for name in PARTS:
        if name not in parts:
            raise ValueError(
                f"the split has no part {name!r} but {', '.join(map(repr, parts))}: it needs "
                "train, valid and test"
            )
    positive = {name: _positive(name, parts[name]) for name in PARTS}
    negative = {name: _negative(name, parts[name], positive[name]) for name in PARTS[1:]}
    nodes, edge_index = count_nodes(data), data.edge_index
    ahead, back = (
        np.unique(arc_keys(e, nodes)) for e in (edge_index.numpy(), edge_index.flip(0).numpy())
    )
    links = torch.cat([edge_index.cpu(), *positive.values()], dim=1).numpy()
    links = links[:, links[0] != links[1]]
    own = kinds_of(data, links, kinds)
    if isinstance(kinds, str) and own is not None and not _alike(own, links, negative.values()):
        own = None
    return LinkParts(
        nodes,
        edge_index,
        positive["train"], torch.empty(2, 0, dtype=torch.int64),
        positive["valid"], negative["valid"],
        positive["test"], negative["test"],
        undirected=np.array_equal(ahead, back),
        valid_as_input=valid_as_input,
        as_published=True,
        kinds=own,
    )  # fmt: skip


def _alike(kinds: Tensor, links: Array, negatives: Iterable[Tensor]) -> bool:
    """Whether negatives join no other kinds than links do."""
    joined = joined_kinds(kinds, torch.from_numpy(links))
    return all(bool(torch.isin(joined_kinds(kinds, own), joined).all()) for own in negatives)


def _positive(name: str, part: Mapping[str, Any]) -> Tensor:
    if "edge" in part:
        return _columns(part["edge"])
    if "source_node" in part and "target_node" in part:
        return torch.stack([torch.as_tensor(part[key]) for key in ("source_node", "target_node")])
    raise ValueError(
        f"part {name!r} of the split holds {', '.join(map(repr, part))}, but positives are 'edge' "
        "(P, 2), or 'source_node' and 'target_node' (P,)"
    )


def _negative(name: str, part: Mapping[str, Any], positive: Tensor) -> Tensor:
    if "edge_neg" in part:
        return _columns(part["edge_neg"])
    if "target_node_neg" in part:
        targets = torch.as_tensor(part["target_node_neg"])
        return torch.stack([positive[0][:, None].expand_as(targets), targets])
    raise ValueError(
        f"part {name!r} of the split holds {', '.join(map(repr, part))}, but negatives are "
        "'edge_neg' (Q, 2) or 'target_node_neg' (P, K)"
    )


def _columns(edges: Any) -> Tensor:
    """(P, 2) as (2, P), and negatives of each positive (P, K, 2) as (2, P, K)."""
    return torch.as_tensor(edges).movedim(-1, 0)
