"""How long a batch of link prediction takes beside the sparse matrices of NCN's release.

The release cannot be installed, so the other side is its algorithm in the same torch: both rows of
every pair are copied out of the adjacency and turned into 64-bit keys, one list of keys is searched
in the other, and the matches become a matrix that multiplies the features (by torch's CSR product,
which is faster than torch_sparse's). Target links are removed by building the adjacency anew. Both
sides take turns, and their results are compared first; the ratio is the median over rounds with its
range.
Run: python benchmarks/links.py [--only "power law"] [--rounds 7] [--pairs 65536] [--steps]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from memory import peak_megabytes
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gnnlab.ops import (
    Adjacency,
    common_neighbors,
    count_common_neighbors,
    gcn_propagate,
    neighbor_sum,
)
from gnnlab.tasks import NCN, NCNC

NODES, EDGES, WIDTH = 200_000, 1_000_000, 64
SHIFT, POWER = 12.0, 1 / 1.3
"""Of the expected degrees (k + shift)^-power: exponent 2.3, and about 4,600 neighbours at most."""
Step = Callable[[], object]


@dataclass(frozen=True)
class Batch:
    """A graph with features, and the pairs of a batch, which are edges of it."""

    edge_index: Tensor
    nodes: int
    x: Tensor
    pairs: Tensor

    @cached_property
    def adj(self) -> Adjacency:
        return Adjacency(self.edge_index, self.nodes)

    @cached_property
    def csr(self) -> tuple[Tensor, Tensor]:
        return rows(self.edge_index, self.nodes)


def draw(power_law: bool, nodes: int, edges: int, pairs: int, width: int) -> Batch:
    """A random graph of so many undirected edges, without repeats and loops."""
    generator = torch.Generator().manual_seed(0)
    weight = (torch.arange(nodes) + SHIFT) ** (-POWER) if power_law else torch.ones(nodes)
    bounds = weight.double().cumsum(0)
    spots = torch.rand(2, int(1.3 * edges), generator=generator, dtype=torch.float64) * bounds[-1]
    name = torch.randperm(nodes, generator=generator)
    low, high = name[torch.searchsorted(bounds, spots).clamp(max=nodes - 1)].sort(0).values
    keys = (low * nodes + high)[low != high].unique()
    keys = keys[torch.randperm(len(keys), generator=generator)[:edges]]
    ends = torch.stack([keys // nodes, keys % nodes])
    both = torch.cat([ends, ends.flip(0)], dim=1)
    both = both[:, (both[0] * nodes + both[1]).argsort()]
    x = torch.randn(nodes, width, generator=generator)
    return Batch(both, nodes, x, ends[:, torch.randperm(edges, generator=generator)[:pairs]])


def rows(edge_index: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Row pointers and columns, ascending: what a SparseTensor keeps."""
    keys = (edge_index[1] * nodes + edge_index[0]).sort().values
    rowptr = torch.zeros(nodes + 1, dtype=torch.int64)
    rowptr[1:] = torch.bincount(keys // nodes, minlength=nodes).cumsum(0)
    return rowptr, keys % nodes


def keys_of(csr: tuple[Tensor, Tensor], nodes: Tensor) -> Tensor:
    """(row << 32) + column of every entry of some rows."""
    rowptr, col = csr
    count = rowptr[nodes + 1] - rowptr[nodes]
    row = torch.arange(len(nodes)).repeat_interleave(count)
    start = rowptr[nodes] - (count.cumsum(0) - count)
    return (row << 32) + col[torch.arange(len(row)) + start[row]]


def overlap(csr: tuple[Tensor, Tensor], pairs: Tensor) -> tuple[Tensor, Tensor]:
    """The release's search: pair and node of each common neighbour."""
    long, short = keys_of(csr, pairs[0]), keys_of(csr, pairs[1])
    if len(short) > len(long):
        long, short = short, long
    found = short[long[torch.searchsorted(long[:-1], short)] == short]
    return found >> 32, found & 0xFFFFFFFF


def matrix_sum(csr: tuple[Tensor, Tensor], pairs: Tensor, x: Tensor) -> Tensor:
    """The search, and the product of the matrix it gives with the features."""
    pair, node = overlap(csr, pairs)
    rowptr = torch.zeros(pairs.shape[1] + 1, dtype=torch.int64)
    rowptr[1:] = torch.bincount(pair, minlength=pairs.shape[1]).cumsum(0)
    size = (pairs.shape[1], len(x))
    return torch.sparse_csr_tensor(rowptr, node, torch.ones(len(node)), size) @ x


def rebuilt(batch: Batch) -> tuple[Tensor, Tensor]:
    """The adjacency without the pairs of the batch, built as the release builds it."""
    low, high = batch.edge_index[:, batch.edge_index[0] < batch.edge_index[1]]
    gone = batch.pairs.sort(0).values
    keep = ~torch.isin(low * batch.nodes + high, gone[0] * batch.nodes + gone[1])
    left = torch.stack([low[keep], high[keep]])
    return rows(torch.cat([left, left.flip(0)], dim=1), batch.nodes)


def ours_sum(adj: Adjacency, pairs: Tensor, x: Tensor) -> Tensor:
    return neighbor_sum(x, common_neighbors(adj, pairs))


def cases(batch: Batch) -> dict[str, tuple[Step, Step]]:
    """What is timed: the release's way, and ours."""
    x, pairs = batch.x, batch.pairs
    links, adj, csr = batch.pairs, batch.adj, batch.csr
    from_links = partial(rebuilt, batch)
    return {
        "counts": (
            lambda: overlap(csr, pairs)[0].bincount(minlength=pairs.shape[1]),
            lambda: count_common_neighbors(adj, pairs),
        ),
        f"overlap and sum of {x.shape[1]} features": (
            lambda: matrix_sum(csr, pairs, x),
            lambda: ours_sum(adj, pairs, x),
        ),
        "the same without the batch's links": (
            lambda: matrix_sum(from_links(), pairs, x),
            lambda: ours_sum(adj.without(links), pairs, x),
        ),
    }


def seconds(step: Step) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def check(name: str, theirs: Step, ours: Step) -> None:
    """Refuse to time what computes something else."""
    one, other = theirs(), ours()
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        if not torch.allclose(one.double(), other.double(), rtol=1e-3, atol=1e-3):
            raise RuntimeError(f"{name}: the two sides computed something else")


def print_ratio(title: str, theirs: Step, ours: Step, rounds: int) -> None:
    """Both sides in turns."""
    check(title, theirs, ours)
    times = [(seconds(theirs), seconds(ours)) for _ in range(rounds)]
    ratios = [one / other for one, other in times]
    one, other = (1e3 * statistics.median(side) for side in zip(*times, strict=True))
    spread = f"{min(ratios):.1f} - {max(ratios):.1f}"
    print(
        f"{title:58}{one:10.1f}{other:10.1f}{statistics.median(ratios):8.1f}   {spread}", flush=True
    )


def step(head: nn.Module, x: Tensor, adj: Adjacency, pairs: Tensor) -> None:
    """Forward and backward of a head alone; x takes a gradient."""
    head(x, adj, pairs).square().mean().backward()
    for leaf in (*head.parameters(), x):
        leaf.grad = None


def heads(width: int, sampled: int) -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {
        "NCN": NCN(width, width),
        "NCN, sparse gradient": NCN(width, width, sparse_grad=True),
        f"NCNC, {sampled} sampled": NCNC(width, width, sampled=sampled),
    }


def print_heads(name: str, batch: Batch, pairs: int, rounds: int) -> None:
    """A step of the heads on some pairs, in turns, against NCN."""
    x = batch.x.clone().requires_grad_()
    some = batch.pairs[:, :pairs]
    adj = batch.adj.without(some)
    sides = {
        title: partial(step, head, x, adj, some) for title, head in heads(x.shape[1], 8).items()
    }
    for side in sides.values():
        side()
    times = [{title: seconds(side) for title, side in sides.items()} for _ in range(rounds)]
    work = {title: multiplied(side) for title, side in sides.items()}
    for title in sides:
        ratio = statistics.median(row[title] / row["NCN"] for row in times)
        middle = 1e3 * statistics.median(row[title] for row in times)
        head = f"{name}, {title}, {pairs:,} pairs, both ways"
        more = f"of NCN's ({work[title] / work['NCN']:.1f} of its linear maps)"
        print(f"{head:68}{middle:10.1f}{ratio:8.2f} {more}", flush=True)


def multiplied(side: Step) -> int:
    """How many multiplications the linear maps of a step take, both ways."""
    with FlopCounterMode(display=False) as counter:
        side()
    total: int = counter.get_total_flops() // 2
    return total


def epoch(batch: Batch, size: int, links: int) -> None:
    """Batches of links and as many random pairs: encoder on the masked graph, NCN, Adam."""
    torch.manual_seed(0)
    width = batch.x.shape[1]
    head, encoder = NCN(width, width), nn.Linear(width, width)
    adam = torch.optim.Adam([*head.parameters(), *encoder.parameters()])
    low, high = batch.edge_index[:, batch.edge_index[0] < batch.edge_index[1]]
    order = torch.randperm(len(low))[:links]
    for part in order.split(size):
        links_of = torch.stack([low[part], high[part]])
        others = torch.randint(batch.nodes, links_of.shape)
        adj = batch.adj.without(links_of)
        h = gcn_propagate(encoder(batch.x), adj.with_self_loops())
        logits = head(h, adj, links_of), head(h, adj, others)
        loss = nn.functional.softplus(-logits[0]).mean() + nn.functional.softplus(logits[1]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()


def print_epoch(name: str, batch: Batch, size: int) -> None:
    links = batch.edge_index.shape[1] // 2
    epoch(batch, size, 2 * size)
    peak, taken = peak_megabytes(partial(seconds, partial(epoch, batch, size, links)))
    told = f"{name}, an epoch of NCN, {links:,} links in batches of {size:,}"
    print(f"{told:68}{taken:10.1f} s, peak {peak or 0:.0f} MB", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--edges", type=int, default=EDGES, help="undirected ones")
    parser.add_argument("--pairs", type=int, default=65_536)
    parser.add_argument("--some", type=int, default=2_048, help="pairs of a step of the heads")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="graphs whose name contains this")
    parser.add_argument("--steps", action="store_true", help="the steps of the heads alone")
    parser.add_argument("--epoch", action="store_true", help="a whole epoch of NCN too")
    options = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", message="Sparse")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"{'':58}{'sparse ms':>10}{'ours ms':>10}{'ratio':>8}   min - max")
    for name in ("uniform", "power law"):
        if options.only not in name:
            continue
        batch = draw(name == "power law", options.nodes, options.edges, options.pairs, WIDTH)
        if not options.steps:
            for title, sides in cases(batch).items():
                print_ratio(f"{name}, {title}", *sides, options.rounds)
            mask = partial(batch.adj.without, batch.pairs)
            theirs: Step = partial(rebuilt, batch)
            print_ratio(
                f"{name}, links masked, the graph ready to use",
                theirs,
                masked(mask),
                options.rounds,
            )
        print_heads(name, batch, options.some, options.rounds)
        if options.epoch:
            print_epoch(name, batch, options.pairs)


def masked(mask: Callable[[], Adjacency]) -> Step:
    """The view with all that a normalised sum over it and its gradient read."""

    def step() -> None:
        adj = mask()
        for side in (adj, adj.transpose):
            assert side.rowptr is not None and side.col is not None

    return step


if __name__ == "__main__":
    main()
