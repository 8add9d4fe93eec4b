"""PyG's link splits: the three graphs of ``RandomLinkSplit``, taken as parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.described import described, refuse_other_graphs
from gnnlab.contracts.nodes import count_nodes
from gnnlab.structure.graphs.pair_keys import among, arc_keys, pair_keys
from gnnlab.tasks.link.splits.parts import PARTS, LinkParts

ONE, TWO = "edge_label_index", ("pos_edge_label_index", "neg_edge_label_index")
"""Where pairs lie: all together, or with ``split_labels=True`` apart."""


def pyg_links(train: Any, valid: Any, test: Any, as_published: bool = False) -> LinkParts:
    """Take the three graphs that ``torch_geometric.transforms.RandomLinkSplit`` returns.

    The message edges are those of the validation graph, which are all that is learnt from: with
    ``disjoint_train_ratio`` the training graph has fewer of them, but here a link that is predicted
    is hidden from the model whichever it is. Where the test graph reads the validation links too,
    as PyG's does, so does this split (``valid_as_input``). A graph whose message edges all have
    their reverse is undirected. Pairs that PyG drew twice as negatives count once, and in a
    directed graph those that an arc joins the other way round are left out, as everywhere here.

    Args:
        train, valid, test: the graphs, in the order in which they are returned.
        as_published: keep what the split has of leaks, see :class:`gnnlab.tasks.LinkSplit`.

    Raises:
        ValueError: graphs without labelled pairs or of different sizes.
    """
    graphs = dict(zip(PARTS, (train, valid, test), strict=True))
    for part, graph in graphs.items():
        refuse_other_graphs(graph)
        if not isinstance(graph.edge_index, Tensor) or graph.edge_index.shape[:1] != (2,):
            raise ValueError(f"edge_index of {part} is {described(graph.edge_index)}: give (2, E)")
    sizes = {part: count_nodes(graph) for part, graph in graphs.items()}
    nodes = sizes["train"]
    if len(set(sizes.values())) > 1:
        raise ValueError(
            f"the graphs have {', '.join(map(str, sizes.values()))} nodes, but they are one graph's"
            " parts: give the three that RandomLinkSplit returned"
        )
    message = valid.edge_index.detach().cpu()
    arcs = np.unique(arc_keys(message.numpy(), nodes))
    undirected = np.array_equal(arcs, np.unique(arc_keys(message.numpy()[::-1], nodes)))
    found: dict[str, Tensor] = {}
    for part, graph in graphs.items():
        positive, negative = _pairs(graph, part)
        found[f"{part}_positive"] = _once(positive, nodes, undirected, as_published)
        found[f"{part}_negative"] = _once(negative, nodes, undirected, as_published)
    if not undirected and not as_published:
        found |= _unjoined(found, message, nodes)
    read = np.unique(pair_keys(test.edge_index.cpu().numpy(), nodes))
    held = pair_keys(found["valid_positive"].numpy(), nodes)
    return LinkParts(
        nodes,
        message,
        undirected=undirected,
        valid_as_input=bool(len(held)) and bool(among(held, read).all()),
        as_published=as_published,
        **found,
    )


def _unjoined(found: dict[str, Tensor], message: Tensor, nodes: int) -> dict[str, Tensor]:
    """The negatives of every part that no arc joins in either direction."""
    links = [message, *(found[f"{part}_positive"] for part in PARTS)]
    known = np.unique(pair_keys(torch.cat(links, dim=1).numpy(), nodes))
    kept = {}
    for name in (f"{part}_negative" for part in PARTS):
        joined = among(pair_keys(found[name].numpy(), nodes), known)
        kept[name] = found[name][:, torch.from_numpy(~joined)]
    return kept


def _pairs(graph: Any, part: str) -> tuple[Tensor, Tensor]:
    """Positive and negative pairs of a part."""
    stored = graph.to_dict()
    if ONE in stored and "edge_label" in stored:
        pairs, label = stored[ONE].detach().cpu(), stored["edge_label"].detach().cpu()
        if label.shape[:1] != pairs.shape[1:]:
            raise ValueError(
                f"{part} has {pairs.shape[1]} pairs and {len(label)} labels: give each pair one"
            )
        return pairs[:, label > 0], pairs[:, label == 0]
    if TWO[0] in stored:
        none = torch.empty(2, 0, dtype=torch.int64)
        return stored[TWO[0]].detach().cpu(), stored.get(TWO[1], none).detach().cpu()
    raise ValueError(
        f"{part} has neither {ONE} with edge_label nor {TWO[0]}: give the three graphs that "
        "torch_geometric.transforms.RandomLinkSplit returned"
    )


def _once(pairs: Tensor, nodes: int, undirected: bool, as_published: bool) -> Tensor:
    """Each pair once, in the order in which they come first."""
    if as_published or not pairs.numel():
        return pairs
    key = (pair_keys if undirected else arc_keys)(pairs.numpy(), nodes)
    first = np.sort(np.unique(key, return_index=True)[1])
    return pairs[:, torch.from_numpy(first)]
