"""Settings against the types of a signature, and modules too large to be built."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import nn

from gnnlab import analysis, datasets, layers, rewiring, structure, tasks
from gnnlab.contracts import parameters
from gnnlab.core.settings import _types, check_type, checked, fits


@pytest.mark.parametrize(
    ("value", "hint", "fine"),
    [
        (True, bool, True), (1, bool, False), (np.bool_(True), bool, False), ("no", bool, False),
        (3, int, True), (np.int8(3), int, True), (True, int, False), (3.0, int, False),
        (torch.tensor(3), int, False), (0, float, True), (np.float32(0.5), float, True),
        (Fraction(1, 3), float, True), (float("nan"), float, False), (float("inf"), float, True),
        (True, float, False), ("0.5", float, False), (None, int | None, True),
        (None, int, False), ("a", Literal["a", "b"], True), ("c", Literal["a", "b"], False),
        (1, Literal[1, 2], True), (True, Literal[1, 2], False), ([], Literal["a"], False),
        (["a"], Sequence[str], True), (("a", 1), Sequence[str], False), ("ab", list[str], False),
        ((1, 2), tuple[int, int], True), ((1, "a"), tuple[int, int], False),
        ([1, 2], tuple[int, ...], True), (len, Callable[..., int], True),
        (3, Callable[..., int], False),
        ({"a": 1}, dict[str, int], True), ([], dict[str, int], False), (3, Any, True),
        ("auto", str | Sequence[str], True), (0, str | Sequence[str], False),
    ],
)  # fmt: skip
def test_types(value: Any, hint: Any, fine: bool) -> None:
    assert fits(value, hint) is fine


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400])
def test_whole_numbers_beyond_64_bits(value: int) -> None:
    with pytest.raises(ValueError, match="does not fit into 64 bits"):
        check_type("seed", value, int)


def test_a_checked_function_is_itself() -> None:
    @checked
    def path(nodes: int, *more: int, loops: bool = False, **rest: Any) -> str:
        """A path."""
        return f"{nodes} {more} {loops} {rest}"

    assert path(3, 4, loops=True, other=5) == "3 (4,) True {'other': 5}"
    assert path.__doc__ == "A path." and list(inspect.signature(path).parameters)[0] == "nodes"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'nodes'"):
        path()
    with pytest.raises(ValueError, match="loops is 'no', but it must be True or False"):
        path(3, loops="no")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: layers.GCN(4, 8, map_input="no"), "map_input is 'no', but it must be True or"),
        (lambda: layers.GCN(4, 8, num_layers=2**40), "num_layers is 1099511627776, but a model"),
        (lambda: layers.GCN(4, 2**40), "more parameters than 64 bits count"),
        (lambda: layers.GCN(2**21, 2**21), "takes [0-9.]+ GB, but .* narrower"),
        (lambda: layers.GCN(2**64, 8), "does not fit into 64 bits"),
        (lambda: layers.SubgraphGNN(4, 8, aggregation=0), "aggregation is 0, but it must be a str"),
        (lambda: layers.MoNet(2**40, 8), "narrower"),
        (lambda: layers.PositionalEncoder([1], 4), "transform is .1., but it must be an Encoding"),
        (lambda: analysis.sheaf_energy(torch.ones(3), 4), "sheaf is 4, but it must be a Sheaf"),
        (lambda: layers.Linear(2.5, 3), "in_features is 2.5, but it must be a whole number"),
        (lambda: layers.Linear(2, 3, device="here"), "device is 'here'"),
        (lambda: rewiring.FoSR(1.5), "num_edges is 1.5"),
        (lambda: rewiring.RandomEdges(undirected="no"), "undirected is 'no'"),
        (lambda: datasets.rmat(nodes=2**40), "takes .* GB"),
        (lambda: datasets.csbm(nodes=2**40, classes=2**40), "takes .* GB"),
        (lambda: datasets.pattern(train=2**40), "takes .* GB"),
        (lambda: datasets.karate(splits=2**40), "takes .* GB"),
        (lambda: datasets.tree_neighbours_match(depth=2**40), "fits nowhere"),
        (lambda: datasets.ring_transfer(nodes=2**40), "takes .* GB"),
        (lambda: datasets.csl(nodes=2**40), "takes .* GB"),
        (lambda: datasets.minesweeper(rows=2**20, columns=2**20), "takes .* GB"),
        (lambda: datasets.counting(graphs=2**40), "takes .* GB"),
        (lambda: layers.width_for(2**62, lambda w: nn.Linear(2**40 * w, 2**40)), "than 64 bits"),
    ],
)
def test_wrong_settings(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        call()


def test_every_type_that_a_signature_states_is_known() -> None:
    """Also those that its module imports for type checkers alone."""
    named = []
    for room in (analysis, layers, rewiring, structure, structure.transforms, tasks):
        for name in room.__all__:
            made = getattr(room, name)
            function = vars(made).get("__init__") if isinstance(made, type) else made
            if not str(getattr(function, "__wrapped__", "")).startswith("<function"):
                continue
            signature, hints = _types(inspect.unwrap(function), made.__module__)
            for key, parameter in signature.parameters.items():
                if "Any" not in str(parameter.annotation) and hints.get(key) is Any:
                    named.append(f"{name}.{key}: {parameter.annotation}")
    assert not named


def test_small_whole_numbers_of_numpy_do_not_wrap_around() -> None:
    few = np.int8(100)
    assert len(datasets.ring_transfer(nodes=few, graphs=few)) == 100
    assert datasets.csbm(nodes=np.int8(120)).num_nodes == 120
    assert datasets.minesweeper(rows=few, columns=few).num_nodes == 10_000
    edges = torch.tensor([[0, 99], [99, 0]])
    found = structure.path_colors(edges, few, length=np.int8(2))
    assert torch.equal(found, structure.path_colors(edges, 100, length=2))


def test_measuring_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    plain = layers.GAT(5, 8, 2, heads=2).state_dict()
    monkeypatch.setattr(parameters, "MANY", 1)
    torch.manual_seed(0)
    again = layers.GAT(5, 8, 2, heads=2).state_dict()
    assert all(torch.equal(plain[key], again[key]) for key in plain)


def test_what_does_not_fit_is_refused_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "MANY", 1)
    monkeypatch.setattr("gnnlab.kernels.budget.free_memory", lambda: 10_000)
    with pytest.raises(ValueError, match=r"GCN\(100, 200\), of which parameters"):
        layers.GCN(100, 200)
    assert layers.GCN(2, 3, 1) is not None
