"""Data checks: a graph is checked once, where it enters, and refused in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.contracts.described import (
    described,
    refuse_other_graphs,
    way_to_columns,
    way_to_tensor,
)
from gnnlab.contracts.nodes import count_nodes
from gnnlab.contracts.targets import check_classes, check_targets
from gnnlab.contracts.tensors import check_tensors
from gnnlab.core.arguments import shown

if TYPE_CHECKING:
    from torch_geometric.data import Data

MASKS = ("train_mask", "val_mask", "test_mask")


def check(data: Data) -> None:
    """Refuse a graph that no model could be trained on, naming what is wrong with it.

    Loaders and :func:`gnnlab.tasks.fit` call it; layers do not. Targets are checked when the graph
    has masks; a class of -1, or a number that is nan, means unknown and may stand outside every
    split.

    Args:
        data: a PyG ``Data`` (read, never changed).

    Shapes:
        x (N, F), edge_index (2, E), masks (N, S) or (N,); y (N,) whole numbers of classes, or
        floating, (N,) or (N, T), nan where unknown

    Raises:
        ValueError: many graphs in place of one; else one sentence with the thing, its value and the
            way out.

    Cost:
        O(N F + E + N S), a few passes over the tensors.
    """
    if isinstance(data, Sequence):
        raise ValueError(
            f"a {type(data).__name__} of {len(data)} graphs was given, but one graph is checked at "
            "a time: check each (fit does)"
        )
    refuse_other_graphs(data)
    check_tensors(data)  # before features are looked at; check_edges has other callers
    nodes = _check_features(data)
    check_edges(data, nodes)
    masks = _check_masks(data, nodes)
    if masks:
        check_targets(data, nodes, masks)


def _check_features(data: Data) -> int:
    """Check ``data.x`` and return the number of nodes."""
    x = getattr(data, "x", None)
    if x is None:
        raise ValueError(
            "data.x is missing, and an encoder reads features of shape (N, F): set data.x, "
            "for instance to torch.ones(num_nodes, 1)"
        )
    if not isinstance(x, Tensor) or x.dim() != 2:
        hint = way_to_tensor(x, "reshape it, (N,) with .view(-1, 1)")
        raise ValueError(f"data.x must be a tensor of shape (N, F), not {described(x)}: {hint}")
    if not x.is_floating_point():
        raise ValueError(f"data.x holds {x.dtype}, but features are floating: use .float()")
    if x.layout is not torch.strided:
        x = _check_sparse(x)
    _check_finite("data.x", x)
    nodes = x.shape[0]
    if nodes == 0:
        raise ValueError("data.x has 0 rows, so the graph has no node: load it again or fill it")
    told = data.to_dict().get("num_nodes", nodes)
    if isinstance(told, Tensor) and told.numel() == 1:
        told = told.item()
    if told is not None and (not isinstance(told, int) or told != nodes):
        raise ValueError(
            f"data.num_nodes is {shown(told)}, but data.x has {nodes} rows: give every node one row"
        )
    return nodes


def _check_sparse(x: Tensor) -> Tensor:
    """Check sparse features as the layers will read them."""
    from gnnlab.ops import SparseFeatures, is_sparse

    if not is_sparse(x):
        raise ValueError(
            f"data.x is {x.layout}, but encoders read dense rows, CSR and COO tensors: use "
            ".to_dense() or .to_sparse_csr()"
        )
    SparseFeatures.of(x.detach())
    return x


def _check_finite(name: str, values: Tensor) -> None:
    places = None
    if values.layout is not torch.strided:
        entries = values.to_sparse(layout=torch.sparse_coo).coalesce()
        places, values = entries.indices().T, entries.values()
    finite = torch.isfinite(values)
    if bool(finite.all()):
        return
    wrong = values[~finite]
    place = ((~finite).nonzero() if places is None else places[~finite])[0].tolist()
    where = f"row {place[0]}" + (f", column {place[1]}" if len(place) > 1 else "")
    raise ValueError(
        f"{name} is {wrong[0].item()} in {where} ({wrong.numel()} such values "
        "in all): features must be finite, so impute or drop them, "
        "for instance with torch.nan_to_num"
    )


def check_edges(data: Data, nodes: int) -> None:
    """Refuse an ``edge_index`` or edge-wise values that do not belong to a graph of that size."""
    check_tensors(data)
    edge_index = getattr(data, "edge_index", None)
    if edge_index is None and getattr(data, "adj_t", None) is not None:
        raise ValueError(
            "data.edge_index is missing and data.adj_t is there, but layers sort edge_index by "
            "themselves: leave ToSparseTensor out"
        )
    if edge_index is None:
        raise ValueError(
            "data.edge_index is missing: set it to an int64 tensor of shape (2, E), row 0 the "
            "source and row 1 the target (E may be 0)"
        )
    if not isinstance(edge_index, Tensor) or edge_index.dim() != 2 or edge_index.shape[0] != 2:
        raise ValueError(
            f"data.edge_index must have shape (2, E), not {described(edge_index)}: "
            f"{way_to_columns(edge_index)}"
        )
    if edge_index.dtype != torch.int64:
        raise ValueError(
            f"data.edge_index holds {edge_index.dtype}, but node numbers are torch.int64: "
            "convert it with .long()"
        )
    if edge_index.numel():
        low, high = (int(end) for end in edge_index.aminmax())
        if low < 0 or high >= nodes:
            bad = low if low < 0 else high
            way = "drop that edge or add the node's features"
            if (low, high) == (1, nodes):
                way = "subtract 1 if the numbers begin with 1"
            raise ValueError(
                f"data.edge_index names node {bad}, but data.x has {nodes} rows, so nodes are "
                f"numbered 0 to {nodes - 1}: {way}"
            )
    _check_edge_values(data, edge_index.shape[1])


def _check_edge_values(data: Data, edges: int) -> None:
    stored = data.to_dict()  # a missing attribute of a Data takes longer to be told so
    for key in ("edge_weight", "edge_attr", "edge_type"):
        values = stored.get(key)
        if values is None:
            continue
        if not isinstance(values, Tensor) or values.dim() == 0 or values.shape[0] != edges:
            way = way_to_tensor(values, "give every column of edge_index its own")
            raise ValueError(
                f"data.{key} must have one row for each of the {edges} edges, not "
                f"{described(values)}: {way}"
            )
        if key == "edge_weight" and (values.dim() != 1 or not values.is_floating_point()):
            way = ".float()" if values.dim() == 1 else f".view({edges})"
            if values.numel() != edges:
                way = "edge_attr for several numbers an edge"
            raise ValueError(
                f"data.edge_weight is {values.dtype} of shape {tuple(values.shape)}, but each edge "
                f"has one floating number, ({edges},): use {way}"
            )
        _check_finite(f"data.{key}", values)


def _check_masks(data: Data, nodes: int) -> dict[str, Tensor]:
    """Check those masks that are there and return them as (N, S) tensors."""
    masks: dict[str, Tensor] = {}
    for name in MASKS:
        mask = getattr(data, name, None)
        if mask is not None:
            masks[name] = _check_mask(name, mask, nodes)
    missing = [name for name in MASKS if name not in masks]
    if masks and missing:
        raise ValueError(
            f"data has {', '.join(masks)} but no {', '.join(missing)}: a split needs all three"
        )
    counts = {name: mask.shape[1] for name, mask in masks.items() if mask.shape[1] > 1}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ValueError(f"the masks hold different numbers of splits ({told}): give each the same")
    _check_overlap(masks)
    return masks


def _check_mask(name: str, mask: Any, nodes: int) -> Tensor:
    shaped = isinstance(mask, Tensor) and mask.dim() in (1, 2) and mask.shape[0] == nodes
    if not shaped or mask.numel() == 0:
        way = "numbers of nodes become a mask with torch_geometric.utils.index_to_mask"
        raise ValueError(
            f"data.{name} must have shape ({nodes},) or ({nodes}, S), one row for each of the "
            f"{nodes} nodes, not {described(mask)}: {way_to_tensor(mask, way)}"
        )
    if mask.dtype != torch.bool:
        raise ValueError(
            f"data.{name} holds {mask.dtype}, but a mask is torch.bool: convert it with .bool() "
            "(or turn a list of node numbers into a mask)"
        )
    columns: Tensor = mask.reshape(nodes, -1)
    empty = (~columns.any(0)).nonzero().flatten().tolist()
    if empty:
        raise ValueError(
            f"data.{name} selects no node in split {empty[0]}: choose another split or put nodes "
            "into it"
        )
    return columns


def _check_overlap(masks: dict[str, Tensor]) -> None:
    names = list(masks)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            both = masks[first] & masks[second]
            if bool(both.any()):
                node, split = both.nonzero()[0].tolist()
                raise ValueError(
                    f"node {node} is in data.{first} and data.{second} of split {split} "
                    f"({int(both[:, split].sum())} nodes are in both): every node belongs to one "
                    "part of a split at most"
                )


def check_node_classes(data: Data) -> None:
    """Refuse a graph whose nodes have no class each; what :func:`check` finds is not looked for.

    Raises:
        ValueError: targets that are numbers or several labels, with the way to classes, or to a
            task that takes them.
    """
    nodes = count_nodes(data)
    check_classes(data, nodes, _check_masks(data, nodes))
