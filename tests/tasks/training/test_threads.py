"""A fit takes no more threads than its steps are worth, and gives them back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers, tasks
from gnnlab.datasets import load
from gnnlab.tasks.training.threads import Step, multiplications, step_of


class Watched(layers.GCN):
    """Notes how many threads it is called with."""

    seen: set[int] = set()

    def forward(self, data: Data) -> Tensor:
        self.seen.add(torch.get_num_threads())
        return super().forward(data)


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def fitted(side: int, hidden: int) -> tuple[set[int], tasks.Result]:
    board = load("minesweeper-generated", seed=0, rows=side, columns=side)
    Watched.seen = set()
    encoder = Watched(board.num_features, hidden, num_layers=5)
    result = tasks.fit(tasks.NodeClassification(), encoder, board, tasks.Training(epochs=2))
    return Watched.seen, result


def test_a_small_graph_is_trained_on_one_thread() -> None:
    seen, _ = fitted(side=10, hidden=16)
    assert seen == {1}
    assert torch.get_num_threads() == 2


def test_a_large_step_takes_all_threads() -> None:
    seen, _ = fitted(side=50, hidden=256)
    assert seen == {2}


def test_the_number_of_threads_comes_back_after_an_error() -> None:
    class Broken(layers.GCN):
        def forward(self, data: Data) -> Tensor:
            raise ValueError("broken")

    board = load("minesweeper-generated", seed=0, rows=10, columns=10)
    with pytest.raises(ValueError, match="broken"):
        tasks.fit(tasks.NodeClassification(), Broken(board.num_features, 16), board)
    assert torch.get_num_threads() == 2


def test_a_small_fit_gives_the_same_bits_whatever_the_caller_set() -> None:
    _, two = fitted(side=10, hidden=16)
    torch.set_num_threads(1)
    _, one = fitted(side=10, hidden=16)
    assert one.curve == two.curve


def test_multiplications_count_maps_by_rows_and_states_by_edges() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    assert multiplications(model, Step(10, 100, 5)) == 10 * (12 + 8) + 100 * (4 + 2)


def test_a_head_counts_by_the_rows_it_reads() -> None:
    model = nn.Module()
    model.encoder, model.head = nn.Linear(3, 4), nn.Linear(4, 2)
    assert multiplications(model, Step(10, 100, 5)) == 10 * 12 + 100 * 4 + 5 * 8


def test_a_structure_with_more_rows_than_nodes_counts_by_these() -> None:
    graph = Data(x=torch.ones(5, 2), edge_index=torch.tensor([[0, 1, 2], [1, 2, 0]]))
    assert step_of([graph, graph], batch_size=8) == (10, 6, 10)
    graph.pair_distance = torch.zeros(25, dtype=torch.uint8)
    graph.path_2_index = torch.zeros(3, 40, dtype=torch.int64)
    assert step_of([graph, graph, graph, graph], batch_size=2) == (80, 6, 80)
