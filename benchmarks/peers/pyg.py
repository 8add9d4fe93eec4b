"""PyG on an ``edge_index``; where it has no operator, the gather and scatter that its users write.

``dropout`` is torch's, which PyG's models use.
"""

from __future__ import annotations

from functools import partial

import torch
from inputs import HEADS, REDUCES, STALK, Inputs, Side
from torch import Tensor
from torch.nn.functional import dropout, leaky_relu
from torch_geometric.nn import GATConv, SimpleConv
from torch_geometric.nn.conv.gcn_conv import gcn_norm
from torch_geometric.utils import scatter, softmax


def sides(inputs: Inputs) -> dict[str, Side]:
    x, edge_index, weight = inputs.x, inputs.edge_index, inputs.weight
    found = {}
    for reduce in REDUCES:
        conv = SimpleConv(aggr=reduce)
        found[f"propagate {reduce}"] = Side(partial(conv, x, edge_index), [x])
        weighted = partial(conv, x, edge_index, weight)
        found[f"propagate {reduce}, weights"] = Side(weighted, [x, weight])
    plain = partial(SimpleConv(aggr="sum"), x, edge_index, inputs.norm)
    found["gcn_propagate"] = Side(plain, [x])
    return found if inputs.only_propagate else found | beyond(inputs)


def beyond(inputs: Inputs) -> dict[str, Side]:
    """What is not ``propagate``."""
    x, edge_index, weight = inputs.x, inputs.edge_index, inputs.weight
    heads = f"{HEADS} heads x {inputs.features}"
    found = {}
    found[f"edge_softmax, {HEADS} heads"] = Side(
        lambda: softmax(inputs.score, inputs.target, num_nodes=inputs.nodes), [inputs.score]
    )
    found[f"attend, {heads}"] = Side(lambda: attend(inputs), [inputs.value, *inputs.ends])
    found[f"GATConv, {heads}"] = gat(inputs)
    found["edge_dot"] = Side(
        lambda: (inputs.key[inputs.target] * x[inputs.source]).sum(-1), [x, inputs.key]
    )
    found[f"block_propagate, {STALK} x {STALK}"] = Side(
        lambda: blocks(inputs), [inputs.stalks, inputs.maps]
    )
    found["dropout of x"] = Side(lambda: dropout(x, 0.5), [x])
    found["gcn_norm of weights"] = Side(
        lambda: gcn_norm(edge_index, weight, inputs.nodes, add_self_loops=False)[1], [weight]
    )
    return found


def attend(inputs: Inputs) -> Tensor:
    """What GATConv does after its linear map."""
    source, target = inputs.ends
    score = leaky_relu(source[inputs.source] + target[inputs.target], 0.2)
    alpha = softmax(score, inputs.target, num_nodes=inputs.nodes)
    message = alpha.unsqueeze(-1) * inputs.value[inputs.source]
    return total(message, inputs)


def blocks(inputs: Inputs) -> Tensor:
    """Every edge's map times its source's stalk."""
    message = inputs.maps @ inputs.stalks[inputs.source]
    return total(message, inputs)


def total(message: Tensor, inputs: Inputs) -> Tensor:
    """By target."""
    result: Tensor = scatter(message, inputs.target, 0, inputs.nodes, "sum")
    return result


def gat(inputs: Inputs) -> Side:
    """The whole layer."""
    width = inputs.features
    conv = GATConv(width, width, heads=HEADS, add_self_loops=False)
    with torch.no_grad():
        conv.lin.weight.copy_(inputs.attention["linear"])
        conv.att_src.copy_(inputs.attention["source"])
        conv.att_dst.copy_(inputs.attention["target"])
    return Side(lambda: conv(inputs.x, inputs.edge_index), [inputs.x, *conv.parameters()])
