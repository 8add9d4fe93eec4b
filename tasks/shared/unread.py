"""Unread inputs: features of edges and nodes that an encoder ignores, with a warning."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from copy import copy, deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import declared

NODES, EDGES, GRAPHS = 20_000, 200_000, 64
"""How much is looked at: of a larger graph a part, of many graphs the first."""
RENAMED = "weight"
"""What networkx calls the weights of edges."""
OF_EDGES = ("edge_weight", "edge_attr", "edge_type", RENAMED)


def warn_of_unread(encoder: nn.Module, data: Any) -> None:
    """Warn, once, of numbers of edges and nodes that change nothing of what an encoder returns.

    These are weights and types of edges; attributes of edges where the encoder could read them and
    was not told to; features of nodes, and of edges, under other names. A key counts as read if
    other values in it change the output, or if the output has a gradient for it. Values that are
    all the same say nothing, and neither do the marks that a rewiring leaves.

    Args:
        encoder: untrained or trained; it is not changed.
        data: a graph, or a sequence of them.

    Cost:
        Two passes, and one or two for each such key, where there are any.
    """
    found = unread(encoder, data)
    if found:
        told = ", and ".join(f"data.{key} ({way})" for key, way in found.items())
        warnings.warn(
            f"{type(encoder).__name__} does not read {told}: training goes on without",
            stacklevel=3,
        )


def unread(encoder: nn.Module, data: Any) -> dict[str, str]:
    """Return the keys that are passed over, each with the way to have it read."""
    from torch_geometric.data.data import BaseData

    graphs = [data] if isinstance(data, BaseData) else data
    for graph in graphs[:GRAPHS]:
        keys = list(_candidates(encoder, graph))
        if keys:
            return {key: _way(encoder, key, graph) for key in _passed_over(encoder, graph, keys)}
    return {}


def _candidates(encoder: nn.Module, graph: Any) -> Iterator[str]:
    """The keys that an encoder may be expected to read, and whose rows differ."""
    nodes, edges = graph.num_nodes, graph.num_edges
    for key, value in graph.to_dict().items():
        if not _is_table(value) or key in ("x", "y", "edge_index") or "index" in key:
            continue
        if key in OF_EDGES or (len(value) == edges and (nodes != edges or key.startswith("edge_"))):
            fits = len(value) == edges and _of_edges(encoder, graph, key)
        else:
            fits = len(value) == nodes and value.dim() == 2 and value.is_floating_point()
        if fits and bool((value != value[:1]).any()):
            yield key


def _is_table(value: Any) -> bool:
    dense = isinstance(value, Tensor) and value.layout is torch.strided
    return dense and value.dim() in (1, 2) and len(value) > 1 and value.dtype is not torch.bool


def _of_edges(encoder: nn.Module, graph: Any, key: str) -> bool:
    if key == "edge_attr":
        return _could_read_attributes(encoder)
    if key == "edge_type":  # with the number of types it is the mark of a rewiring
        return "num_edge_types" not in graph
    if key == RENAMED:
        return "edge_weight" not in graph
    return key == "edge_weight" or "link_split" not in graph  # whose moments part the links


def _could_read_attributes(encoder: nn.Module) -> bool:
    """Whether something in the encoder takes an ``edge_dim`` and may read attributes by it."""
    kinds = {type(module) for module in encoder.modules()}
    if any(issubclass(kind, Encoder) and kind.settings_choose_edges for kind in kinds):
        return False  # other settings decide
    return any("edge_dim" in inspect.signature(kind).parameters for kind in kinds)


def _passed_over(encoder: nn.Module, graph: Any, keys: list[str]) -> list[str]:
    """Those of the keys that change nothing; none where the encoder cannot be tried."""
    try:
        probe, graph = deepcopy(encoder).cpu().eval(), _part(copy(graph).cpu())
        usual = _output(probe, graph, {})
    except Exception:  # whatever it is, training says it better
        return []
    found = [key for key in keys if not _reads(probe, graph, key, usual)]
    of_edges = [key for key in found if len(graph[key]) == graph.num_edges]
    if of_edges and not _reads(probe, graph, "edge_index", usual):
        return [key for key in found if key not in of_edges]  # one that is meant to see no edge
    return found


def _reads(probe: nn.Module, graph: Any, key: str, usual: Tensor) -> bool:
    """Whether the output changes where values change places, or has a gradient for them."""
    value: Tensor = graph[key]
    if key == "edge_index":
        other = torch.stack([value[0], torch.zeros_like(value[1])])  # all of them to one node
    else:
        other = value[torch.randperm(len(value), generator=torch.Generator().manual_seed(0))]
    try:
        if not torch.equal(usual, _output(probe, graph, {key: other})):
            return True
        if not value.is_floating_point():
            return False
        leaf = value.clone().requires_grad_()
        total = _output(probe, graph, {key: leaf}, grad=True).sum()
        return total.requires_grad and any(
            own is not None for own in torch.autograd.grad(total, [leaf], allow_unused=True)
        )
    except Exception:  # what does not fit was looked at
        return True


def _output(probe: Any, graph: Any, changed: Mapping[str, Tensor], grad: bool = False) -> Tensor:
    """What an encoder returns for a graph with other values, its draws the same each time."""
    own = copy(graph)
    for key, value in changed.items():
        own[key] = value
    with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(grad):
        torch.manual_seed(0)
        found: Tensor = probe(declared(probe).transform(own))
    return found


def _part(graph: Any) -> Any:
    """The graph, or a part of it that is soon read."""
    if graph.num_nodes <= NODES and graph.num_edges <= EDGES:
        return graph
    return graph.subgraph(graph.edge_index[:, : NODES // 2].unique())


def _way(encoder: nn.Module, key: str, graph: Any) -> str:
    """Say what to do for a key to be read."""
    value: Tensor = graph[key]
    if key == "edge_weight":
        return "take an encoder that reads weights, such as GCN, or delete them"
    if key == RENAMED:
        return f"if these are the edges' weights: data.edge_weight = data.{key}.float()"
    if key == "edge_type":
        return "take an encoder that reads types, such as RGCN, or delete them"
    if key == "edge_attr" and value.is_floating_point():
        return f"build it with edge_dim={value.shape[1] if value.dim() == 2 else '1 and (E, 1)'}"
    if key == "edge_attr":
        return "build it with edge_dim, of codes the sizes of their columns"
    if len(value) == graph.num_edges and graph.num_edges != graph.num_nodes:
        return "join it to data.edge_attr"
    if key.endswith("_pe"):
        return "put layers.PositionalEncoder before the encoder"
    return "join it to data.x, with torch.cat"
