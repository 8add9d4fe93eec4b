"""gnnlab."""

from __future__ import annotations

from functools import partial

import torch
from inputs import HEADS, REDUCES, STALK, Inputs, Side

from gnnlab import ops
from gnnlab.layers import GATConv


def sides(inputs: Inputs) -> dict[str, Side]:
    x, adj, weight = inputs.x, inputs.adj, inputs.weight
    found = {}
    for reduce in REDUCES:
        plain = partial(ops.propagate, x, adj, None, reduce)
        found[f"propagate {reduce}"] = Side(plain, [x])
        weighted = partial(ops.propagate, x, adj, weight, reduce)
        found[f"propagate {reduce}, weights"] = Side(weighted, [x, weight])
    found["gcn_propagate"] = Side(lambda: ops.gcn_propagate(x, adj), [x])
    return found if inputs.only_propagate else found | beyond(inputs)


def beyond(inputs: Inputs) -> dict[str, Side]:
    """What is not ``propagate``."""
    x, adj, weight = inputs.x, inputs.adj, inputs.weight
    heads = f"{HEADS} heads x {inputs.features}"
    source, target = inputs.ends
    found = {}
    found[f"edge_softmax, {HEADS} heads"] = Side(
        lambda: ops.edge_softmax(inputs.score, adj), [inputs.score]
    )
    found[f"attend, {heads}"] = Side(
        lambda: ops.attend(inputs.value, adj, source=source, target=target),
        [inputs.value, source, target],
    )
    found[f"GATConv, {heads}"] = gat(inputs)
    found["edge_dot"] = Side(lambda: ops.edge_dot(inputs.key, x, adj), [x, inputs.key])
    found[f"block_propagate, {STALK} x {STALK}"] = Side(
        lambda: ops.block_propagate(inputs.stalks, adj, inputs.maps), [inputs.stalks, inputs.maps]
    )
    found["dropout of x"] = Side(lambda: ops.dropout(x, 0.5), [x])
    found["gcn_norm of weights"] = Side(lambda: ops.gcn_norm(adj, weight), [weight])
    return found


def gat(inputs: Inputs) -> Side:
    """The whole layer."""
    width = inputs.features
    conv = GATConv(width, width, heads=HEADS, add_self_loops=False)
    with torch.no_grad():
        conv.linear.weight.copy_(inputs.attention["linear"])
        conv.source.copy_(inputs.attention["source"])
        conv.target.copy_(inputs.attention["target"])
    return Side(lambda: conv(inputs.x, inputs.adj), [inputs.x, *conv.parameters()])
