"""What a rewiring of a user's own wants changed is checked before it is written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rewiring_graphs import both, data_of
from torch_geometric.data import Batch, Data, HeteroData

from gnnlab.rewiring import Changes, RandomEdges, Rewiring, apply
from gnnlab.structure.transforms import AddHops, GraphTransform


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    return tmp_path


@dataclass(frozen=True)
class Mine(Rewiring):
    """Changes as they were handed in."""

    wanted: Any = field(default=None, compare=False)

    def changes(self, graph: Any) -> Changes:
        return self.wanted


@dataclass(frozen=True)
class Arcs(Mine):
    """The same for directed graphs, with two types."""

    @property
    def undirected(self) -> bool:
        return False

    @property
    def types(self) -> int:
        return 2


def pairs(*ends: tuple[int, int]) -> np.ndarray:
    return np.array(ends, np.int64).reshape(-1, 2).T


def path() -> Data:
    return Data(x=torch.ones(6, 1), edge_index=both([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]))


REFUSED: dict[str, tuple[Any, str]] = {
    "loop": (
        Changes(pairs((0, 2), (3, 3))),
        r"Mine.changes adds the pair \(3, 3\), which is a sel",
    ),
    "twice": (Changes(pairs((0, 2), (0, 3), (0, 2))), r"adds the pair \(0, 2\), twice"),
    "far": (Changes(pairs((2, 99))), r"adds the pair \(2, 99\), but nodes are numbered 0 to 5"),
    "negative": (Changes(pairs((-1, 2))), r"adds the pair \(-1, 2\), but nodes are numbered"),
    "there": (Changes(pairs((0, 5), (1, 2))), r"adds the pair \(1, 2\), which the graph has alre"),
    "turned": (Changes(pairs((3, 0))), r"adds the pair \(3, 0\), but pairs of an undirected graph"),
    "no edge": (Changes(removed=pairs((0, 5))), r"removes the pair \(0, 5\), which is no edge of"),
    "gone twice": (Changes(removed=pairs((0, 1), (0, 1))), r"removes the pair \(0, 1\), twice"),
    "gone far": (Changes(removed=pairs((0, 9))), r"removes the pair \(0, 9\), but nodes are numb"),
    "float": (Changes(pairs((0, 2)).astype(float)), "gives added as float64, but pairs are int64"),
    "bool": (Changes(removed=pairs((0, 1)) > 0), "gives removed as bool, but pairs are int64"),
    "columns": (Changes(pairs((0, 2), (0, 3), (0, 4)).T), r"added as ndarray of shape \(3, 2\)"),
    "flat": (Changes(pairs((0, 2))[:, 0]), r"added as ndarray of shape \(2,\), but pairs are a nu"),
    "tensor": (Changes(torch.tensor([[0], [2]])), r"added as Tensor of shape \(2, 1\), but pairs"),
    "list": (Changes([[0], [2]]), "gives added as list, but pairs are a numpy array of shape"),
    "None": (Changes(None), "gives added as NoneType, but pairs are a numpy array"),
    "kind": (
        Changes(pairs((0, 2)), kind=np.array([0, 0])),
        r"kind as int64 \(2,\), but each of th",
    ),
    "kind far": (
        Changes(pairs((0, 2)), kind=np.array([1])),
        r"\(0, 2\), of type 1, but types is 1",
    ),
    "kind list": (Changes(pairs((0, 2)), kind=[0]), "gives kind as list, but each of the 1 added"),
    "note": (Changes(notes={"x": np.zeros(1)}), "gives a note named 'x', which is no free key"),
    "note list": (Changes(notes={"z": [1.0]}), "gives the note 'z' as list, not an array of num"),
    "notes": (Changes(notes=[1]), "gives notes as list, but they are a dict of arrays by name"),
    "nothing": (None, "Mine.changes returned a NoneType, but it must return gnnlab's Changes"),
    "tuple": ((pairs(), pairs()), "Mine.changes returned a tuple, but it must return gnnlab's"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_changes_that_do_not_fit_are_refused(name: str) -> None:
    wanted, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        Mine(wanted=wanted)(path())
    with pytest.raises(ValueError, match=sentence):
        apply(Mine(wanted=wanted), [path()], cache=False)


def test_changes_that_fit_are_written() -> None:
    wanted = Changes(pairs((0, 5), (0, 2)), pairs((1, 2)), notes={"told": np.ones(2)})
    out = Mine(wanted=wanted)(path())
    assert out.edge_index[:, out.edge_type == 1].tolist() == [[0, 5, 0, 2], [5, 0, 2, 0]]
    assert out.num_edges == 12 and out.told.tolist() == [[1, 1]]
    arcs = Arcs(wanted=Changes(pairs((5, 0)), kind=np.array([1], np.int8)))(path())
    assert arcs.edge_index[:, -1].tolist() == [5, 0] and arcs.edge_type[-1] == 2


def test_as_many_changes_as_graphs() -> None:
    class Short(Mine):
        def changes_many(self, graphs: Any) -> Iterator[Changes]:
            return iter([])

    with pytest.raises(ValueError, match="Short.changes_many returned changes for 0 of 1 graphs"):
        Short()(path())


def test_a_transform_of_ones_own_must_find_something() -> None:
    class Idle(AddHops):
        def results(self, graphs: Any) -> Iterator[Any]:
            return iter([])

    assert issubclass(Idle, GraphTransform)
    with pytest.raises(ValueError, match="Idle.results gave nothing for the graph: give one resul"):
        Idle()(path())


@pytest.mark.parametrize("method", [RandomEdges(add=2), AddHops(2)])
def test_a_cache_that_holds_something_else_is_made_again(
    method: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.rewiring.application.SAVE_EVERY", math.inf)  # all in one part
    graphs = [path(), data_of_ring()]
    expected = apply(method, graphs, progress=False)
    (part,) = home.rglob("*.npz")
    with np.load(part) as file:
        arrays = dict(file)
    name = "added" if "added" in arrays else "pairs"
    for wrong in ({name: arrays[name] + 1}, {name: arrays[name][:, 1:]}, {name: None}):
        kept = {key: value for key, value in (arrays | wrong).items() if value is not None}
        np.savez(part, **kept)
        with pytest.warns(UserWarning, match=r"npz is damaged .*: what it held is found again"):
            again = apply(method, graphs, progress=False)
        assert all(map(alike, expected, again))
        (part,) = home.rglob("*.npz")  # the damaged one is gone, and another is whole
        assert all(map(alike, expected, apply(method, graphs, progress=False)))


def alike(one: Data, other: Data) -> bool:
    """Whether both hold the same."""
    return one.keys() == other.keys() and all(
        torch.equal(value, other[key]) if isinstance(value, torch.Tensor) else value == other[key]
        for key, value in one.to_dict().items()
    )


def data_of_ring() -> Data:
    import networkx as nx

    return data_of(nx.cycle_graph(7))


@pytest.mark.parametrize("method", [RandomEdges(add=1), AddHops(2)])
def test_what_is_no_plain_graph_is_refused(method: Any) -> None:
    edges = both([(0, 1)])
    for wrong, sentence in (
        (Batch.from_data_list([path()]), "a Batch of 1 graphs was given"),
        (HeteroData(), "a HeteroData was given, but a graph with one type of node is needed"),
        (Data(edge_index=edges.float(), num_nodes=2), "holds torch.float32, but node numbers"),
        (Data(edge_index=edges.int(), num_nodes=2), "holds torch.int32, but node numbers are"),
        (Data(edge_index=edges, num_nodes=1), "names node 1"),
        (Data(x=torch.ones(2, 1)), "edge_index is missing"),
        (Data(edge_index=edges.numpy(), num_nodes=2), "must have shape"),
    ):
        with pytest.raises(ValueError, match=sentence):
            method(wrong)
