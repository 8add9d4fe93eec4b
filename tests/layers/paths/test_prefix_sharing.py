"""States that paths share while they are read, counted one by one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pathnn_oracle import bare, every_kind, graph
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.layers.paths.lstm import Reading
from gnnlab.layers.paths.prefix_sharing import reading_of
from gnnlab.structure.transforms import AddPaths


def beginnings(paths: Tensor, far: Tensor | None) -> list[list[tuple[Any, ...]]]:
    """What of each path has been read after each step: nodes and, if given, their distances."""
    read: list[list[Any]] = paths.flip(0).T.tolist()
    if far is not None:
        read = [
            list(zip(*row, strict=True)) for row in zip(read, far.flip(1).tolist(), strict=True)
        ]
    return [[tuple(path[: j + 1]) for path in read] for j in range(len(paths))]


def walked(reading: Reading) -> list[list[tuple[Any, ...]]]:
    """The nodes, with their distances if read, that each state has seen, step by step."""
    what: list[Any] = list(range(reading.hears.num_nodes))
    if reading.places is not None:
        node, distance = reading.places.node.target.tolist(), reading.places.distance.tolist()
        what = list(zip(node, distance, strict=True))
    rows = range(len(what)) if reading.first is None else reading.first.target
    seen: list[list[tuple[Any, ...]]] = [[(what[int(row)],) for row in rows]]
    for step in reading.steps:
        own = [what[row] for row in step.read.target.tolist()]
        states = range(len(own)) if step.after is None else step.after.target.tolist()
        past = [seen[-1][state] for state in states]
        seen.append([(*before, row) for before, row in zip(past, own, strict=True)])
    return seen


@every_kind
@pytest.mark.parametrize("length", [1, 2, 4])
def test_as_many_states_as_beginnings(kind: str, length: int) -> None:
    data = AddPaths(length, kind)(bare(graph(14, seed=2, edges=0.25)))
    paths = data[f"path_{length}_index"]
    far = data[f"path_{length}_distance"] if kind == "all" else None
    order = torch.randperm(paths.shape[1], generator=torch.Generator().manual_seed(0))
    paths, far = paths[:, order], None if far is None else far[order]
    reading = reading_of(paths, 14, far)
    found, expected = walked(reading), beginnings(paths, far)
    assert found[-1] == expected[-1] and reading.hears.target.tolist() == paths[0].tolist()
    if reading.first is None:
        assert found.pop(0) == [(node,) for node in range(14)] and expected.pop(0)
    for states, all_paths in zip(found[:-1], expected[:-1], strict=True):
        assert sorted(states) == sorted(set(all_paths)) != sorted(all_paths)


def test_other_distances_are_read_anew() -> None:
    paths = torch.tensor([[0, 1], [2, 2]])
    far = torch.zeros(2, 2, dtype=torch.uint8)
    assert reading_of(paths, 3, far) is reading_of(paths, 3, far)
    assert reading_of(paths, 3, far).first.num_edges == 1  # type: ignore[union-attr]
    far[1, 1] = 1
    assert reading_of(paths, 3, far).first.num_edges == 2  # type: ignore[union-attr]
    far[1, 1] = 2
    with pytest.raises(ValueError, match="path of 1 edges has a node 2 away"):
        reading_of(paths, 3, far)
    assert reading_of(paths, 3).first is None


def test_no_paths() -> None:
    none = torch.empty(3, 0, dtype=torch.int64)
    far = torch.empty(0, 3, dtype=torch.uint8)
    for reading in (reading_of(none, 4), reading_of(none, 4, far)):
        assert len(reading.steps) == 2 and reading.hears.num_edges == 0


@every_kind
def test_paths_made_in_inference_mode_are_read(kind: str) -> None:
    data = bare(graph(9, seed=2))
    encoder = layers.PathNN(3, 5, length=2, kind=kind).double().eval()  # type: ignore[arg-type]
    with torch.inference_mode():
        found = encoder(AddPaths(2, kind)(bare(graph(9, seed=2))))
    torch.testing.assert_close(found.clone(), encoder(encoder.transform(data)))


@every_kind
def test_paths_of_a_larger_graph_are_refused(kind: str) -> None:
    """With more nodes than memory beside them: they must not be counted first."""
    encoder = layers.PathNN(3, 8, length=2, kind=kind)  # type: ignore[arg-type]
    line = torch.arange(200_000)
    edges = torch.stack([line[:-1], line[1:]])
    data = encoder.transform(Data(x=torch.rand(200_000, 3), edge_index=edges))
    data.x = data.x[:10]
    with pytest.raises(ValueError, match="holds 199999, but nodes lie between 0 and 9 there: run"):
        encoder(data)
    with pytest.raises(ValueError, match="node 199999, but the graph has 10: call encoder"):
        reading_of(torch.tensor([[0], [199_999]]), 10)
    with pytest.raises(ValueError, match="node -1, but"):
        reading_of(torch.tensor([[0], [-1]]), 3)


def test_places_that_no_path_reads_cost_nothing() -> None:
    paths, far = torch.tensor([[0], [5], [6]]), torch.tensor([[0, 1, 2]], dtype=torch.uint8)
    places = reading_of(paths, 1_000, far).places
    assert places is not None and places.distance.tolist() == [0, 1, 2]
    assert places.node.target.tolist() == [0, 5, 6]
