"""Backends that run another package's kernels: used on request, and never by chance."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

import pytest
import torch
from ops_oracles import graph, normal

from gnnlab import ops
from gnnlab.ops.base import choice as choose

PEERS = sorted(choose.PEERS)


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest) -> str:
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture
def forgotten() -> None:
    choose._peer.cache_clear()


@pytest.mark.parametrize("name", PEERS)
def test_a_missing_package_is_named_with_the_way_out(
    name: str, forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    package = name.replace("_", "-")
    message = f"backend '{name}' needs the {package} package: `make kernels`.*gnnlab.kernels"
    with pytest.raises(ValueError, match=message), ops.use(name):
        pass


@pytest.mark.parametrize("name", PEERS)
def test_a_package_for_another_torch_is_named(
    name: str, forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def find_spec(self, found: str, path: object = None, target: object = None) -> ModuleType:
            if found == name:
                raise OSError("undefined symbol")
            return None  # type: ignore[return-value]

    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ValueError, match="built for torch .*undefined symbol"), ops.use(name):
        pass


def test_automatic_choice_takes_no_peer(peer: str) -> None:
    assert choose.backend_name(torch.ones(1)) != peer
    with ops.use(peer):
        assert choose.backend_name(torch.ones(1)) == peer


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min"])
def test_large_graphs_equal_the_reference(peer: str, reduce: str) -> None:
    generator = torch.Generator().manual_seed(3)
    edge_index = torch.randint(500, (2, 20_000), generator=generator)
    results = []
    for name in ("torch", peer):
        x, weight = normal(500, 33).requires_grad_(), normal(20_000, seed=1).requires_grad_()
        with ops.use(name):
            y = ops.propagate(x, edge_index, weight, reduce)
            results.append((y, *torch.autograd.grad(y.square().sum(), (x, weight))))
    for theirs, expected in zip(*results[::-1], strict=True):
        torch.testing.assert_close(theirs, expected)


def test_layers_run_on_a_peer(peer: str) -> None:
    from gnnlab import layers

    edge_index, nodes = graph("wide")
    x = normal(nodes, 6).float()
    for conv in (layers.GCNConv(6, 4), layers.SAGEConv(6, 4), layers.GATConv(6, 4, heads=2)):
        expected = conv(x, edge_index)
        with ops.use(peer):
            torch.testing.assert_close(conv(x, edge_index), expected)
