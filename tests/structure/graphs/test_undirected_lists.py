"""Neighbour lists against a matrix."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnlab.structure.graphs.undirected_lists import from_edges, undirected


@st.composite
def arcs(draw: st.DrawFn) -> tuple[int, torch.Tensor]:
    """Both directions of every edge in any order, with repeats and loops."""
    nodes = draw(st.integers(1, 9))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    pairs = draw(st.lists(ends, max_size=20))
    columns = draw(st.permutations(pairs + [(j, i) for i, j in pairs]))
    return nodes, torch.tensor(columns, dtype=torch.long).reshape(-1, 2).T


@settings(max_examples=100, deadline=None)
@given(arcs())
def test_lists_numbers_and_columns_agree_with_a_matrix(case: tuple[int, torch.Tensor]) -> None:
    nodes, edge_index = case
    joined = torch.zeros(nodes, nodes, dtype=torch.bool)
    joined[edge_index[0], edge_index[1]] = True
    joined.fill_diagonal_(False)
    graph = undirected(edge_index, nodes)
    assert graph.col.tolist() == joined.nonzero()[:, 1].tolist()
    assert (graph.rowptr[1:] - graph.rowptr[:-1]).tolist() == joined.sum(1).tolist()
    pairs = list(zip(graph.low.tolist(), graph.high.tolist(), strict=True))
    assert [list(pair) for pair in pairs] == joined.triu().nonzero().tolist()
    for entry, (i, j) in enumerate(joined.nonzero().tolist()):
        assert pairs[graph.number[entry]] == (min(i, j), max(i, j))
    for column, (i, j) in enumerate(edge_index.T.tolist()):
        edge = graph.edge[column]
        assert edge == -1 if i == j else pairs[edge] == (min(i, j), max(i, j))
    again = from_edges(graph.low, graph.high, nodes)
    assert again.col.tolist() == graph.col.tolist() and again.edge.tolist() == list(
        range(len(pairs))
    )


@settings(max_examples=60, deadline=None)
@given(arcs(), st.integers(0, 100))
def test_finds_the_edge_that_lacks_its_reverse(
    case: tuple[int, torch.Tensor], column: int
) -> None:  # fmt: skip
    nodes, edge_index = case
    proper = edge_index[:, edge_index[0] != edge_index[1]]
    if not proper.shape[1]:
        return
    i, j = proper[:, column % proper.shape[1]].tolist()
    kept = edge_index[:, ~((edge_index[0] == i) & (edge_index[1] == j))]
    try:
        undirected(kept, nodes)
    except ValueError as error:
        assert f"the edge {j} -> {i} but not {i} -> {j}" in str(error)
    else:
        raise AssertionError("a directed graph was accepted")
