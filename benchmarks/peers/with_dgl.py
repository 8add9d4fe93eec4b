"""DGL, which no release of a newer torch carries: what its import misses is stood in for.

DGL 2.1.0 loads ``graphbolt`` (its data loader, a library for one release of torch) and pandas (its
data sets) while it is imported, and uses neither in the operations measured here.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from inputs import HEADS, REDUCES, Inputs, Side
from torch import Tensor
from torch.nn.functional import leaky_relu


class Absent(ModuleType):
    """Has every name that is asked for, as an empty class."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def load() -> Any:
    """Import DGL with stand-ins, and leave the one for pandas to DGL alone."""
    os.environ.setdefault("DGLBACKEND", "pytorch")
    sys.modules.setdefault("dgl.graphbolt", Absent("dgl.graphbolt"))
    without_pandas = find_spec("pandas") is None
    if without_pandas:
        sys.modules["pandas"] = Absent("pandas")
    try:
        return import_module("dgl")
    except ImportError:
        del sys.modules["dgl.graphbolt"]
        raise
    finally:
        if without_pandas:
            del sys.modules["pandas"]


dgl = load()
OPS = {"sum": "u_mul_e_sum", "mean": "u_mul_e_mean", "max": "u_mul_e_max"}


def sides(inputs: Inputs) -> dict[str, Side]:
    x, weight, graph = inputs.x, inputs.weight, matrix(inputs)
    ops = dgl.ops
    found = {}
    for reduce in REDUCES:
        plain, weighted = getattr(ops, f"copy_u_{reduce}"), getattr(ops, OPS[reduce])
        found[f"propagate {reduce}"] = Side(partial(plain, graph, x), [x])
        column = partial(with_column, weighted, graph, inputs)
        found[f"propagate {reduce}, weights"] = Side(column, [x, weight])
    norm = inputs.norm[:, None]
    found["gcn_propagate"] = Side(lambda: ops.u_mul_e_sum(graph, x, norm), [x])
    return found if inputs.only_propagate else found | beyond(inputs, graph)


def beyond(inputs: Inputs, graph: Any) -> dict[str, Side]:
    """What is not ``propagate``."""
    ops, x, key = dgl.ops, inputs.x, inputs.key
    found = {}
    found[f"edge_softmax, {HEADS} heads"] = Side(
        lambda: ops.edge_softmax(graph, inputs.score), [inputs.score]
    )
    heads = f"{HEADS} heads x {inputs.features}"
    found[f"attend, {heads}"] = Side(lambda: attend(graph, inputs), [inputs.value, *inputs.ends])
    found[f"GATConv, {heads}"] = gat(graph, inputs)
    found["edge_dot"] = Side(lambda: ops.u_dot_v(graph, x, key).squeeze(-1), [x, key])
    return found


def with_column(operator: Any, graph: Any, inputs: Inputs) -> Tensor:
    """Its weights have the shape (E, 1)."""
    total: Tensor = operator(graph, inputs.x, inputs.weight.unsqueeze(-1))
    return total


def matrix(inputs: Inputs) -> Any:
    """The graph with both sorted forms built, so that none is built in a step."""
    graph = dgl.graph((inputs.source, inputs.target), num_nodes=inputs.nodes)
    graph.create_formats_()
    return graph


def attend(graph: Any, inputs: Inputs) -> Tensor:
    """What its GATConv does after its linear map."""
    source, target = inputs.ends
    score = leaky_relu(dgl.ops.u_add_v(graph, source, target), 0.2)
    alpha = dgl.ops.edge_softmax(graph, score)
    total: Tensor = dgl.ops.u_mul_e_sum(graph, inputs.value, alpha.unsqueeze(-1))
    return total


def gat(graph: Any, inputs: Inputs) -> Side:
    """The whole layer."""
    width = inputs.features
    layer = import_module("dgl.nn.pytorch").GATConv
    conv = layer(width, width, HEADS, allow_zero_in_degree=True)
    with torch.no_grad():
        conv.fc.weight.copy_(inputs.attention["linear"])
        conv.attn_l.copy_(inputs.attention["source"].unsqueeze(0))
        conv.attn_r.copy_(inputs.attention["target"].unsqueeze(0))
    return Side(lambda: conv(graph, inputs.x).flatten(1), [inputs.x, *conv.parameters()])
