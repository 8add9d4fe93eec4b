"""A dataset is rewired as each graph would be, once, and goes on where it stopped."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from rewiring_cases import CASES
from rewiring_graphs import data_of
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

from gnnlab import rewiring
from gnnlab.rewiring import Changes, Graph, Rewiring, apply


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path))
    return tmp_path / "rewired"


def dataset() -> list[Data]:
    shapes = [nx.path_graph(9), nx.cycle_graph(5), nx.empty_graph(1), nx.star_graph(6)]
    shapes += [nx.gnp_random_graph(8, 0.3, seed=seed) for seed in range(4)]
    return [data_of(shape) for shape in shapes]


def equal(first: Data, second: Data) -> bool:
    return set(first.keys()) == set(second.keys()) and all(
        torch.equal(value, second[key]) if isinstance(value, Tensor) else value == second[key]
        for key, value in first.to_dict().items()
    )


@dataclass(frozen=True)
class Counting(Rewiring):
    """Adds the lowest absent pair, and stops at the graph with ``stop_at`` nodes."""

    stop_at: int = -1
    seen = 0

    def changes(self, graph: Graph) -> Changes:
        type(self).seen += 1
        if graph.num_nodes == self.stop_at:
            raise KeyboardInterrupt
        return rewiring.GTR(1).changes(graph)


@pytest.mark.parametrize("name", sorted(CASES))
def test_equals_the_graphs_one_by_one_in_any_order(name: str) -> None:
    method, graphs = CASES[name](), dataset()
    alone = [method(graph) for graph in graphs]
    for cache in (True, True, False):  # made, read, made
        assert all(map(equal, apply(method, graphs, cache=cache), alone))
    assert all(map(equal, apply(method, graphs[::-1], cache=False), alone[::-1]))
    before = [set(graph.keys()) for graph in graphs]
    together = method.many(graphs)
    assert all(map(equal, together, alone)) and method.many([]) == []
    assert [set(graph.keys()) for graph in graphs] == before


def test_many_leaves_what_holds_and_names_the_graph_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method, graphs = rewiring.AddHops(3), dataset()
    whole = method.many(graphs)
    mixed = [*whole[:3], *graphs[3:]]
    counted: list[int] = []
    original = rewiring.AddHops.results

    def results(self: rewiring.AddHops, graphs: list[Graph]) -> Iterator[object]:
        counted.append(len(graphs))
        return original(self, graphs)

    monkeypatch.setattr(rewiring.AddHops, "results", results)
    found = method.many(mixed)
    assert counted == [len(graphs) - 3] and all(map(equal, found, whole))
    assert all(a.hop_index is b.hop_index for a, b in zip(found[:3], whole[:3], strict=True))
    broken = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [7]]))
    with pytest.raises(ValueError, match="graph 8 of the dataset: .*names node 7"):
        method.many([*graphs, broken])
    with pytest.raises(ValueError, match="Batch of 2 graphs"):
        method.many([Batch.from_data_list(graphs[:2])])


@pytest.mark.slow
def test_processes_give_the_same() -> None:
    graphs = dataset()
    for method in (rewiring.LASER(), rewiring.AddHops(3)):
        found = apply(method, graphs, workers=2, progress=False)
        assert all(map(equal, found, map(method, graphs)))


def test_rewires_no_graph_twice() -> None:
    Counting.seen = 0
    graphs = dataset()
    apply(Counting(), [*graphs, *graphs])
    apply(Counting(), graphs)
    assert Counting.seen == len({graph.digest for graph in map(Counting().read, graphs)})


def test_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    Counting.seen = 0
    graphs = [data_of(nx.path_graph(nodes)) for nodes in range(3, 20)]
    method = Counting(stop_at=12)
    with pytest.raises(KeyboardInterrupt):
        apply(method, graphs)
    assert Counting.seen == 10
    monkeypatch.setattr(Counting, "changes", _never_on(range(3, 12)))
    assert len(apply(method, graphs)) == len(graphs)


def _never_on(finished: range) -> object:
    def changes(self: Rewiring, graph: Graph) -> Changes:
        assert graph.num_nodes not in finished
        return rewiring.GTR(1).changes(graph)

    return changes


def test_settings_and_version_decide_what_is_reused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = dataset()
    for count in (1, 2, 2):
        apply(rewiring.GTR(count), graphs)
    assert len(list(home.iterdir())) == 2
    apply(rewiring.GTR(2, fill=0.1), graphs)  # decides attributes, which are not kept
    assert len(list(home.iterdir())) == 2
    monkeypatch.setattr(rewiring.GTR, "version", 2)
    apply(rewiring.GTR(2), graphs)
    assert len(list(home.iterdir())) == 3
    told = json.loads(next(home.glob("*/method.json")).read_text())
    assert told["method"].endswith("GTR") and "num_edges" in told["settings"]


def broken(part: Path, how: str) -> None:
    content = part.read_bytes()
    if how == "pipe":
        part.unlink()
        os.mkfifo(part)
    elif how == "other arrays":
        np.savez(part, digest=np.zeros((2, 2)))
    elif how == "bits":
        at = content.find(b"PK", 10 + 1) - 1  # the last byte of the first array
        part.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    else:
        part.write_bytes(content[: {"empty": 0, "half": len(content) // 2, "short": 100}[how]])


@pytest.mark.parametrize("how", ["short", "half", "empty", "bits", "other arrays", "pipe"])
def test_a_damaged_part_is_made_again_with_a_warning(home: Path, how: str) -> None:
    graphs = dataset()
    whole = apply(rewiring.GTR(1), graphs)
    broken(next(home.glob("*/*.npz")), how)
    with pytest.warns(UserWarning, match=r"npz is damaged .*: what it held is found again"):
        assert all(map(equal, apply(rewiring.GTR(1), graphs), whole))
    with warnings.catch_warnings():
        warnings.simplefilter("error" if how != "pipe" else "ignore")  # a pipe is no file of ours
        assert all(map(equal, apply(rewiring.GTR(1), graphs), whole))


def test_who_reads_while_others_write_sees_whole_parts_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call begins when the first has written half of its file."""
    graphs, inside = dataset(), []
    whole = [rewiring.GTR(1)(graph) for graph in graphs]
    original = np.savez

    def savez(file: Any, **arrays: Any) -> None:
        content = io.BytesIO()
        original(content, **arrays)
        half = len(content.getvalue()) // 2
        file.write(content.getvalue()[:half])
        file.flush()
        if not inside:
            inside.append(None)
            inside[0] = apply(rewiring.GTR(1), graphs)
        file.write(content.getvalue()[half:])

    monkeypatch.setattr(np, "savez", savez)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(map(equal, apply(rewiring.GTR(1), graphs), whole))
        assert all(map(equal, inside[0], whole))
        assert all(map(equal, apply(rewiring.GTR(1), graphs), whole))
    assert not list(home.rglob("*.part"))


def test_all_graphs_agree_on_the_types() -> None:
    graphs = dataset()
    graphs[1].edge_type = torch.arange(graphs[1].num_edges) % 4
    found = apply(rewiring.GTR(1), graphs)
    assert {graph["num_edge_types"] for graph in found} == {5}
    assert {int(graph.edge_type.max()) for graph in found if graph.num_nodes > 5} == {4}


def test_the_result_goes_into_a_loader() -> None:
    batch = next(iter(DataLoader(apply(rewiring.LASER(), dataset()), batch_size=8)))
    assert batch.laser_density.shape == (8, 2) and batch.edge_type.shape == (batch.num_edges,)


def test_the_dataset_stays_as_it_is_and_may_be_empty() -> None:
    graphs = dataset()
    keys = [graph.keys() for graph in graphs]
    apply(rewiring.RandomEdges(add=2, remove=1), graphs)
    assert [graph.keys() for graph in graphs] == keys
    assert apply(rewiring.LASER(), []) == []


def bad_calls() -> Iterator[tuple[object, object, dict[str, int], str]]:
    graphs = dataset()
    directed = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]]))
    yield rewiring.GTR(1), graphs[0], {}, "a Data was given.*list"
    yield rewiring.GTR(1), Batch.from_data_list(graphs), {}, "was given.*list"
    yield rewiring.GTR(1), [graphs[0], directed], {}, "graph 1 of the dataset: .* 0 -> 1"
    yield rewiring.GTR, graphs, {}, "a rewiring is needed"
    yield rewiring.GTR(1), graphs, {"workers": 0}, "workers is 0"


@pytest.mark.parametrize(("method", "graphs", "options", "message"), list(bad_calls()))
def test_bad_calls_are_refused(
    method: Rewiring, graphs: list[Data], options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        apply(method, graphs, **options)
