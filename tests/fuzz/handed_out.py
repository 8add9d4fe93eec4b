"""What users do to tensors that they were handed or have handed over; run by test_own_arrays."""

from __future__ import annotations

import textwrap

START = """
import copy, gc, pickle, sys
import numpy as np, torch
from gnnlab import ops
from gnnlab.ops import Adjacency, NeighborLists, Pairs, SparseFeatures
from gnnlab.ops.graphs.bipartite import Bipartite
from gnnlab.ops.graphs.masked import Masked

FAR = 10**9
torch.manual_seed(0)
nodes, edges, width = 300, 2_000, 5
given = torch.randint(nodes, (2, edges))
x = torch.randn(nodes, width, requires_grad=True)
adj = Adjacency(given, nodes)
right = ops.propagate(x.detach(), Adjacency(given, nodes))

def same():
    y = ops.propagate(x, adj)
    assert torch.equal(y.detach(), right)
    y.sum().backward()
    degree = torch.bincount(given[0], minlength=nodes).float()
    assert torch.allclose(x.grad, degree[:, None].expand(nodes, width))

def refused(build, *words):
    try:
        build()
    except (ValueError, RuntimeError, AttributeError) as error:
        text = str(error)
        assert all(word in text for word in words), text
    else:
        raise AssertionError("it was taken")
"""

CASES = {
    "edges before the sort": "adj.edge_index.fill_(FAR); same()",
    "edges through numpy before the sort": "adj.edge_index.numpy()[:] = FAR; same()",
    "edges through data": "adj.edge_index.data[0] = -FAR; same()",
    "the source": "adj.source.fill_(FAR); same()",
    "the target through numpy": "adj.target.numpy()[:] = FAR; same()",
    "what the caller gave": """
        ops.propagate(x, given); given.numpy()[:] = FAR; ops.propagate(x, given)
        """,
    "columns": """
        adj.col.fill_(FAR); same()
        adj.col.numpy()[:] = FAR; ops.propagate(x, adj).sum().backward()
        """,
    "the order": "adj.order.fill_(FAR); adj.rows.order.numpy()[:] = FAR; same()",
    "pointers": "adj.rowptr.fill_(FAR); adj.rows.rowptr.numpy()[:] = FAR; same()",
    "storage of the edges": "adj.edge_index.set_(torch.full((2, 9), FAR)); same()",
    "size of the edges": "adj.edge_index.resize_(2, 10**5); same()",
    "between forward and backward": """
        y = ops.propagate(x, adj)
        for handed in (adj.edge_index, adj.col, adj.order, adj.rowptr, adj.transpose.col,
                       adj.transpose.edge_index):
            handed.numpy()[:] = FAR
        y.sum().backward()
        ops.propagate(x, adj.transpose)
        """,
    "attributes": """
        for name in ("num_nodes", "edge_index", "rowptr", "col", "order", "source"):
            refused(lambda: setattr(adj, name, 5), name)
        refused(lambda: adj.__init__(given[:, :3], nodes), "immutable")
        refused(lambda: adj.__setstate__({"edge_index": given, "num_nodes": 5}))
        same()
        """,
    "a key of the cache": """
        adj.remember("col", lambda: torch.full((edges,), FAR, dtype=torch.int32))
        adj.remember("rows", lambda: (torch.full((nodes + 1,), FAR), None))
        same()
        """,
    "a pickle with other edges": """
        state = {"edge_index": given + FAR, "num_nodes": nodes}
        refused(lambda: Adjacency.__new__(Adjacency).__setstate__(state), "names node")
        adj = pickle.loads(pickle.dumps(copy.deepcopy(copy.copy(adj)))); same()
        """,
    "data replaced before the gradient": """
        weight = torch.rand(edges, requires_grad=True)
        y = ops.propagate(x, adj, weight)
        x.data = torch.zeros(1, 1)
        refused(lambda: y.sum().backward(), "(300, 5)", "(1, 1)")
        """,
    "kinds of edges": """
        kinds = torch.zeros(edges, dtype=torch.int64)
        table = torch.randn(3, width, requires_grad=True)
        y = ops.relu_propagate(x, adj, table, kinds)
        kinds.numpy()[:] = FAR
        y.sum().backward(); ops.relu_propagate(x, adj, table, kinds)
        kinds.add_(0)
        refused(lambda: ops.relu_propagate(x, adj, table, kinds), "kind 1000000000")
        """,
    "segments": """
        index = torch.zeros(nodes, dtype=torch.int64)
        y = ops.segment_reduce(x, index, 4, "max")
        index.numpy()[:] = FAR
        y.sum().backward(); ops.segment_reduce(x, index, 4)
        """,
    "keys that are no rows": """
        from gnnlab.ops.graphs.adjacency import group
        refused(lambda: group(torch.tensor([0, FAR]), 4), "item 1", "4 rows")
        refused(lambda: group(torch.tensor([-1]), 4), "4 rows")
        """,
    "a view without links": """
        view = adj.without(given[:, :40])
        want = ops.propagate(x.detach(), Adjacency(view.edge_index, nodes))
        view.edge_index.numpy()[:] = FAR; view.kept.fill_(FAR); view.gone.fill_(FAR)
        y = ops.propagate(x, view)
        assert torch.equal(y.detach(), want)
        y.sum().backward(); view.with_self_loops().rows; view.without_self_loops().rows
        ops.common_neighbors(view, given[:, :40])
        """,
    "a view built by hand": """
        refused(lambda: Masked(adj, torch.tensor([5, FAR])), "edge 1000000000")
        refused(lambda: Masked(adj, torch.tensor([5, 5])), "ascend")
        refused(lambda: Masked(adj, torch.tensor([0.5])), "int64")
        gone = torch.tensor([3, 8]); view = Masked(adj, gone); gone.numpy()[:] = FAR
        ops.propagate(x, view).sum().backward()
        """,
    "lists built by hand": """
        def lists(rowptr, node, n=nodes):
            return NeighborLists(torch.tensor(rowptr), torch.tensor(node), n)
        for wrong in (lists([0, 2], [0, FAR]), lists([0, FAR], [0, 1]), lists([0, 5, 2], [1, 2])):
            refused(lambda: ops.neighbor_sum(x, wrong))
            refused(lambda: ops.residual_neighbors(adj, given[:, :1], common=wrong))
        refused(lambda: ops.neighbor_sum(x, lists([0, 2], [0, -1])), "-1")
        refused(lambda: Bipartite(torch.tensor([0, 1]), torch.tensor([7]), 3), "7", "3")
        """,
    "lists after their first use": """
        found = ops.common_neighbors(adj, given[:, :50])
        y = ops.neighbor_sum(x, found)
        found.node.numpy()[:] = FAR; found.rowptr.numpy()[:] = FAR
        y.sum().backward(); assert torch.equal(ops.neighbor_sum(x, found), y)
        """,
    "lists read as a graph": """
        found = ops.common_neighbors(adj, given[:, :50])
        refused(lambda: ops.propagate(x[:50], found.graph), "50 lists of 300 nodes")
        refused(lambda: found.graph.with_self_loops())
        refused(lambda: found.graph.without(torch.tensor([[0], [1]])))
        """,
    "sparse features by hand": """
        def features(rowptr, col, values, columns):
            parts = torch.tensor(rowptr).int(), torch.tensor(col).int(), torch.tensor(values)
            return SparseFeatures(*parts, columns)
        refused(lambda: features([0, 2], [0, FAR], [1.0, 2.0], 4), "1000000000")
        refused(lambda: features([0, 900], [0, 1], [1.0, 2.0], 4), "900")
        refused(lambda: features([0, 2], [0, 1], [1.0], 4), "values")
        refused(lambda: features([0, 2], [0, 1], [1.0, 2.0], 4).with_values(torch.ones(1)))
        """,
    "sparse features afterwards": """
        kept = SparseFeatures.of(torch.eye(6).to_sparse_csr())
        weight = torch.randn(3, 6, requires_grad=True)
        y = ops.linear(kept, weight)
        for handed in (kept.col, kept.rowptr, kept.values):
            handed.fill_(9); handed.numpy()[:] = 9
        kept.values.resize_(0)
        y.sum().backward(); assert torch.equal(ops.linear(kept, weight), y)
        refused(lambda: setattr(kept, "num_columns", 9), "num_columns")
        pickle.loads(pickle.dumps(copy.deepcopy(kept)))
        """,
    "pairs": """
        graph = Adjacency(torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]), 3)
        pairs = Pairs(graph)
        table = torch.randn(9, 4, requires_grad=True)
        ys = ops.pair_aggregate(table, pairs, ("uL", "vL", "vu"))
        for part in pairs.layout:
            part[:] = FAR
        pairs.u.numpy()[:] = FAR; pairs.v.fill_(FAR)
        sum(y.sum() for y in ys).backward()
        with ops.use("torch"):
            again = ops.pair_aggregate(table, pairs, ("uL", "vL", "vu"))
        assert all(torch.allclose(a, b) for a, b in zip(ys, again))
        refused(lambda: setattr(pairs, "num_pairs", 10**6), "num_pairs")
        refused(lambda: Pairs(graph, [0, 2.5, 3]), "whole numbers")
        """,
    "maps of four dimensions": """
        wide = torch.randn(40, 33)
        graph = Adjacency(torch.randint(40, (2, 99)), 40)
        maps = torch.randn(1, 1, 33, 4, requires_grad=True)
        refused(lambda: ops.gcn_sum([wide], [graph], maps), "(1, 1, 33, 4)")
        empty = torch.empty(1, 33, 40, device="meta")
        refused(lambda: ops.gcn_sum([wide], [graph], empty), "meta")
        refused(lambda: ops.gcn_sum([wide], [graph], torch.randn(1, 32, 40)), "33")
        """,
    "a sparse matrix with wrong pointers": """
        parts = torch.tensor([0, 7, 2, 3]), torch.tensor([0, 1, 2]), torch.ones(3), (3, 3)
        wrong = torch.sparse_csr_tensor(*parts, check_invariants=False)
        refused(lambda: Adjacency.of(wrong), "row pointers")
        refused(lambda: SparseFeatures.of(wrong), "row pointers")
        """,
}


def attack(number: int) -> str:
    """One of the cases, from the start; it fails by an exception, or takes the process with it."""
    name = list(CASES)[number]
    exec(START + textwrap.dedent(CASES[name]), {})
    return name
