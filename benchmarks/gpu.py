"""How exact and how fast the operations are on a CUDA device, beside what else runs there.

Checks every operation against the float64 reference and for equal bits over ten runs, then times
propagation, edge_softmax and attention in the same run as PyG's scatter path, torch.sparse
(cuSPARSE), torch.compile of the plain formula, and torch-scatter and torch-sparse where they are
installed. Run: python benchmarks/gpu.py [--page FILE] [--json FILE]; --dry goes through
the same steps on a CPU, in Triton's interpreter and on a tiny graph.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

if "--dry" in sys.argv:
    os.environ["TRITON_INTERPRET"] = "1"  # read when triton's kernels are imported

import torch
from gpu_cases import HEADS, cases, error, run
from gpu_page import Row, head, tables
from torch import Tensor

from gnnlab import ops
from gnnlab.ops import Adjacency

GRAPHS = {  # nodes, edges, skew of degrees
    "uniform 100k/1M": (100_000, 1_000_000, 1.0),
    "power law 100k/1M": (100_000, 1_000_000, 2.5),
    "uniform 1M/10M": (1_000_000, 10_000_000, 1.0),
    "power law 1M/10M": (1_000_000, 10_000_000, 2.5),
}
DRY = {"tiny": (20, 60, 2.0)}
BOUNDS = {torch.float32: 1e-5, torch.bfloat16: 4e-2}
"""What the check of an operation allows, relative to the largest number of a tensor."""
Peers = dict[str, tuple[Callable[[], Tensor], list[Tensor]]]


def graph(nodes: int, edges: int, skew: float, device: torch.device) -> Adjacency:
    """Random edges; a skew above 1 makes hubs."""
    generator = torch.Generator().manual_seed(0)
    place = (torch.rand(2, edges, generator=generator) ** skew * nodes).long()
    edge_index = torch.randperm(nodes, generator=generator)[place]
    return Adjacency(edge_index.to(device), nodes)


def check(adj: Adjacency, device: torch.device, repeats: int, only: str) -> list[Row]:
    """Errors against the float64 reference, and whether repeated runs have equal bits."""
    rows = []
    for name, case in cases(adj, 8 * HEADS if repeats > 1 else HEADS, device).items():
        if only not in name:
            continue
        exact = run(case, "torch", torch.float64)
        for dtype, bound in BOUNDS.items():
            if dtype is torch.bfloat16 and name.split(",")[0].endswith(("max", "min")):
                continue  # rounding makes equals, and which of them has the gradient is a choice
            first = run(case, "triton", dtype)
            same = all(
                torch.equal(a, b)
                for _ in range(repeats - 1)
                for a, b in zip(first, run(case, "triton", dtype), strict=True)
            )
            found = error(first, exact)
            rows.append(
                {
                    "operation": name,
                    "dtype": str(dtype).removeprefix("torch."),
                    "error": found,
                    "right": found < bound,
                    "equal_bits": same,
                }
            )
    return rows


def propagation(adj: Adjacency, x: Tensor, dry: bool) -> Peers:
    """The sum over in-neighbours, by ours and by others."""
    nodes, source, target = adj.num_nodes, adj.source, adj.target

    def plain(x: Tensor) -> Tensor:
        return x.new_zeros(x.shape).index_add(0, target, x[source])

    ones = torch.ones(adj.num_edges, dtype=x.dtype, device=x.device)
    crow, col = adj.rowptr.long(), adj.col.long()
    matrix = torch.sparse_csr_tensor(crow, col, ones, (nodes, nodes))
    peers: Peers = {"gnnlab": (lambda: ops.propagate(x, adj), [x])}
    if find_spec("torch_geometric"):
        from torch_geometric.nn import SimpleConv

        conv, edge_index = SimpleConv(aggr="sum"), adj.edge_index
        peers["PyG scatter"] = (lambda: conv(x, edge_index), [x])
    peers["torch.sparse CSR"] = (lambda: matrix @ x, [x])
    if not dry:
        fused = torch.compile(plain)
        peers["torch.compile"] = (lambda: fused(x), [x])
    if find_spec("torch_scatter"):
        import torch_scatter

        peers["torch-scatter"] = (lambda: torch_scatter.segment_csr(x[col], crow), [x])
    if find_spec("torch_sparse"):
        import torch_sparse

        theirs = torch_sparse.SparseTensor(rowptr=crow, col=col, sparse_sizes=(nodes, nodes))
        peers["torch-sparse"] = (lambda: torch_sparse.matmul(theirs, x), [x])
    return peers


def normalisation(adj: Adjacency, score: Tensor, dry: bool) -> Peers:
    """Softmax over each node's incoming edges, by ours and by others."""
    target, nodes = adj.target, adj.num_nodes
    peers: Peers = {"gnnlab": (lambda: ops.edge_softmax(score, adj), [score])}
    if find_spec("torch_geometric"):
        from torch_geometric.utils import softmax

        peers["PyG scatter"] = (lambda: softmax(score, target, num_nodes=nodes), [score])
    if find_spec("torch_scatter"):
        import torch_scatter

        peers["torch-scatter"] = (
            lambda: torch_scatter.scatter_softmax(score, target, dim=0), [score])  # fmt: skip
    return peers


def attention(adj: Adjacency, value: Tensor, scores: list[Tensor], dry: bool) -> Peers:
    """Additive attention of a GAT layer without its linear maps, by ours and by others."""
    source, target = adj.source, adj.target
    first, second = scores

    def ours() -> Tensor:
        return ops.attend(value, adj, source=first, target=second)

    def plain() -> Tensor:
        from torch_geometric.utils import scatter, softmax

        score = torch.nn.functional.leaky_relu(first[source] + second[target], 0.2)
        alpha = softmax(score, target, num_nodes=adj.num_nodes)
        return scatter(alpha.unsqueeze(-1) * value[source], target, 0, adj.num_nodes)

    peers: Peers = {"gnnlab": (ours, [value, *scores])}
    if find_spec("torch_geometric"):
        peers["PyG scatter"] = (plain, [value, *scores])
    return peers


def once(function: Callable[[], Tensor], leaves: list[Tensor], backward: bool) -> None:
    """One forward pass, or one forward and backward pass."""
    if backward:
        y = function()
        torch.autograd.grad(y, leaves, torch.ones_like(y))
    else:
        with torch.no_grad():
            function()


def milliseconds(work: Callable[[], None], device: torch.device) -> float:
    """The time of one call; on a GPU by events on its stream."""
    if device.type != "cuda":
        start = time.perf_counter()
        work()
        return 1e3 * (time.perf_counter() - start)
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    work()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end)


def compare(peers: Peers, rounds: int, device: torch.device) -> dict[tuple[str, bool], float]:
    """Median times of forward alone and of both passes, all taking turns after warming up."""
    times: dict[tuple[str, bool], list[float]] = {}
    failed: set[str] = set()
    warming = 2 if rounds > 1 else 0
    for number in range(rounds + warming):
        for name, (function, leaves) in peers.items():
            for backward in (False, True):
                if name in failed:
                    continue
                try:
                    spent = milliseconds(lambda: once(function, leaves, backward), device)  # noqa: B023
                except (RuntimeError, NotImplementedError) as problem:
                    failed.add(name)
                    print(f"  {name}: left out: {str(problem).splitlines()[0][:90]}")
                    continue
                if number >= warming:
                    times.setdefault((name, backward), []).append(spent)
    return {key: statistics.median(spent) for key, spent in times.items() if key[0] not in failed}


def bandwidth(device: torch.device, megabytes: int) -> float:
    """GB/s of a copy, read and write counted: what a kernel can reach here."""
    source = torch.empty(megabytes << 20, dtype=torch.uint8, device=device)
    copy = torch.empty_like(source)

    def work() -> None:
        copy.copy_(source)

    spent = [milliseconds(work, device) for _ in range(12)]
    return 2 * source.numel() / min(spent[2:]) / 1e6


def timed(adj: Adjacency, name: str, options: argparse.Namespace, speed: float) -> list[Row]:
    """All timings on one graph."""
    device, rows = adj.device, []
    for dtype in (torch.float32, torch.bfloat16):
        for features in (8,) if options.dry else (64, 128):
            x = torch.randn(adj.num_nodes, features, device=device).to(dtype).requires_grad_()
            found = compare(propagation(adj, x, options.dry), options.rounds, device)
            # Every neighbour's row read from memory, every result written, the graph read.
            size = x.element_size() * features
            moved = adj.num_edges * (size + 4) + adj.num_nodes * (size + 4)
            rows += _rows(name, f"propagate F={features} {_short(dtype)}", found, moved, speed)
    score = torch.randn(adj.num_edges, HEADS, device=device).requires_grad_()
    found = compare(normalisation(adj, score, options.dry), options.rounds, device)
    rows += _rows(name, f"edge_softmax {HEADS} heads fp32", found, 3 * 4 * score.numel(), speed)
    if adj.num_edges > 2_000_000:  # PyG's messages would not fit beside the rest
        return rows
    width = 4 if options.dry else 64
    value = torch.randn(adj.num_nodes, HEADS, width, device=device).requires_grad_()
    scores = [torch.randn(adj.num_nodes, HEADS, device=device).requires_grad_() for _ in range(2)]
    found = compare(attention(adj, value, scores, options.dry), options.rounds, device)
    moved = (adj.num_edges + adj.num_nodes) * 4 * HEADS * width
    return rows + _rows(name, f"attend {HEADS} heads x {width} fp32", found, moved, speed)


def _rows(
    graph: str, case: str, found: dict[tuple[str, bool], float], moved: int, speed: float
) -> list[Row]:
    rows = []
    for (peer, backward), spent in found.items():
        rate = None if backward else moved / spent / 1e6
        rows.append(
            {
                "graph": graph,
                "case": case,
                "passes": "forward + backward" if backward else "forward",
                "by": peer,
                "ms": spent,
                "ratio": spent / found["gnnlab", backward],
                "gbs": rate,
                "share": None if rate is None else rate / speed,
            }
        )
    return rows


def _short(dtype: torch.dtype) -> str:
    return "fp32" if dtype is torch.float32 else "bf16"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry", action="store_true", help="tiny, on a CPU, interpreted")
    parser.add_argument("--rounds", type=int, default=20, help="timed rounds of each pair")
    parser.add_argument("--only", default="", help="graphs, and with --dry operations, with this")
    parser.add_argument("--json", type=Path, help="also write the measurements to this file")
    parser.add_argument("--page", type=Path, help="also append them to this Markdown file")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.dry:
        options.rounds = 1
    elif not torch.cuda.is_available():
        print("benchmarks/gpu.py measures a CUDA device, and torch sees none here; --dry runs the")
        print("same steps on a CPU, in Triton's interpreter")
        return 2
    device = torch.device("cpu" if options.dry else "cuda")
    speed = bandwidth(device, 1 if options.dry else 1024)
    small = graph(*(DRY["tiny"] if options.dry else (5_000, 60_000, 2.5)), device)
    only = options.only if options.dry else ""
    checks = check(small, device, 1 if options.dry else 10, only)
    times: list[Row] = []
    for name, form in (DRY if options.dry else GRAPHS).items():
        if options.dry or options.only in name:
            with ops.use("triton"):
                times += timed(graph(*form, device), name, options, speed)
    text = head(device, options, speed) + tables(checks, times)
    print(text)
    if options.json:
        options.json.write_text(
            json.dumps({"copy_gbs": speed, "checks": checks, "times": times}, indent=2) + "\n"
        )
    if options.page:
        before = options.page.read_text() if options.page.exists() else ""
        before = before.partition("\n## On a GPU\n")[0]
        options.page.write_text(before.rstrip("\n") + "\n" + text + "\n")
    return 0 if all(r["right"] and r["equal_bits"] for r in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
