"""SIGN is an MLP on powers of the propagation matrix, written densely."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from decoupled_graphs import CLASSES, WIDTH, each_graph, graph, made, mlp, smoothing

from gnnlab import layers

CASES = {
    "SIGN": lambda _: layers.SIGN(3, 4, 2),
    "SIGN of one layer": lambda _: layers.SIGN(3, 4, 1, hops=0, out_channels=2),
}


@each_graph
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("hops", [0, 1, 4])
@pytest.mark.parametrize("classes", [None, CLASSES])
def test_every_hop_has_its_own_map(
    nodes: int, edges: int, weighted: bool, hops: int, classes: int | None
) -> None:
    data = graph(nodes, edges, weighted)
    encoder = made(layers.SIGN, 2, out_channels=classes, hops=hops)
    torch.nn.init.normal_(encoder.bias)
    maps = encoder.maps.weight.split(WIDTH)
    powers = [torch.linalg.matrix_power(smoothing(data), k) @ data.x for k in range(hops + 1)]
    states = torch.cat([x @ own.T for x, own in zip(powers, maps, strict=True)], dim=1)
    expected = mlp(encoder.mlp, F.relu(states + encoder.bias))
    torch.testing.assert_close(encoder(data), expected)


def test_refuses_negative_hops() -> None:
    with pytest.raises(ValueError, match="hops is -1, but it must be a whole number"):
        layers.SIGN(3, 4, hops=-1)
