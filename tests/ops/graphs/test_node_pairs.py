"""Sums over pairs of nodes, beside dense products over every graph of a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from ops_oracles import GRAPHS, graph, normal
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from gnnlab import ops
from gnnlab.ops import Adjacency, Pairs, pair_aggregate, pair_reduce, pair_spread
from gnnlab.ops.backends.cpu.loops.pair_sums import WHOLE

SYMBOLS = ("uL", "vL", "uG", "vG", "vv", "vu", "uu")
LOCAL = ("uL", "vL")


def batch(*names: str) -> tuple[Tensor, list[int]]:
    """Graphs side by side, and where each begins."""
    edges, bounds = [], [0]
    for name in names:
        edge_index, nodes = graph(name)
        edges.append(edge_index + bounds[-1])
        bounds.append(bounds[-1] + nodes)
    return torch.cat(edges, dim=1), bounds


BATCHES = {name: (name,) for name in GRAPHS} | {
    "several": ("plain", "empty", "loops", "no_nodes", "duplicates", "isolated")
}


def blocks(x: Tensor, bounds: list[int]) -> list[Tensor]:
    """The rows of pairs as (n, n, F) for each graph."""
    sizes = [last - first for first, last in zip(bounds[:-1], bounds[1:], strict=True)]
    parts = x.split([n * n for n in sizes])
    return [part.reshape(n, n, x.shape[1]) for n, part in zip(sizes, parts, strict=True)]


def dense(
    symbol: str, x: Tensor, edge_index: Tensor, bounds: list[int], shift: Tensor | None = None,
    inside: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """One graph after the other, one edge after the other."""
    found = []
    masks = blocks(torch.ones(len(x), 1) if inside is None else inside[:, None].double(), bounds)
    for first, last, own, mask in zip(
        bounds[:-1], bounds[1:], blocks(x, bounds), masks, strict=True
    ):
        n = last - first
        one = torch.ones(n, n, dtype=x.dtype)
        eye = torch.eye(n, dtype=x.dtype)
        if symbol in LOCAL:
            out = torch.zeros_like(own)
            for e, (w, t) in enumerate(edge_index.T.tolist()):
                if not first <= w < last:
                    continue
                w, t = w - first, t - first
                message = own[:, w] if symbol == "uL" else own[w]
                message = message if shift is None else (message + shift[e]).relu()
                if symbol == "uL":
                    there = (mask[:, w] * mask[:, t]).to(x.dtype)
                    out[:, t] = out[:, t] + there * message
                else:
                    out[t] = out[t] + message
        else:
            form = {
                "uG": ("uwf,wv->uvf", one), "vG": ("wvf,wu->uvf", one), "vu": ("vuf,uv->uvf", one),
                "vv": ("wvf,wv,uw->uvf", eye, one), "uu": ("uwf,uw,wv->uvf", eye, one),
            }[symbol]  # fmt: skip
            out = torch.einsum(form[0], own, *form[1:])
        found.append(out.reshape(n * n, x.shape[1]))
    return torch.cat(found)


def shifts_for(edges: int, width: int) -> dict[str, Tensor]:
    return {symbol: normal(edges, width, seed=5 + k) for k, symbol in enumerate(LOCAL)}


@pytest.mark.parametrize(
    "width", [5, 107, *(pytest.param(w, marks=pytest.mark.nightly) for w in (1, 64))]
)
@pytest.mark.parametrize("name", BATCHES)
def test_every_symbol_is_its_dense_sum(backend: str, name: str, width: int) -> None:
    edge_index, bounds = batch(*BATCHES[name])
    pairs = Pairs(edge_index, bounds, bounds[-1])
    x, scale = normal(pairs.num_pairs, width), normal(len(SYMBOLS), seed=1)
    shifts = shifts_for(edge_index.shape[1], width)
    inside = normal(pairs.num_pairs, seed=3) > -0.5
    for given, mask in ((None, None), (shifts, None), (None, inside), (shifts, inside)):
        found = pair_aggregate(x, pairs, SYMBOLS, shifts=given, scale=scale, inside=mask)
        for symbol, own, share in zip(SYMBOLS, found, scale, strict=True):
            shift = None if given is None else given.get(symbol)
            expected = share * x + dense(symbol, x, edge_index, bounds, shift, mask)
            torch.testing.assert_close(own, expected)


@pytest.mark.parametrize("place", ["u", "v", "diagonal"])
@pytest.mark.parametrize("name", BATCHES)
def test_nodes_and_pairs_are_each_others_sums(backend: str, name: str, place: str) -> None:
    edge_index, bounds = batch(*BATCHES[name])
    pairs = Pairs(edge_index, bounds, bounds[-1])
    x = normal(pairs.num_pairs, 19)
    ends = {"u": (pairs.u,), "v": (pairs.v,), "diagonal": (pairs.u, pairs.v)}[place]
    table = torch.stack([end[:, None] == torch.arange(pairs.num_nodes) for end in ends]).all(0)
    table = table.double()
    torch.testing.assert_close(pair_reduce(x, pairs, place), table.T @ x)
    h = normal(pairs.num_nodes, 19, seed=1)
    torch.testing.assert_close(pair_spread(h, pairs, place), table @ h)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("symbols", [("uL", "vL", "vv"), SYMBOLS, ("vG",), ("uu", "vL")])
def test_gradients(backend: str, symbols: tuple[str, ...], masked: bool) -> None:
    edge_index, bounds = (
        torch.tensor([[0, 1, 2, 1, 4, 3, 3, 3], [1, 0, 1, 2, 3, 4, 4, 3]]),
        [0, 3, 5, 6],
    )
    pairs = Pairs(edge_index, bounds, 6)
    inside = normal(pairs.num_pairs, seed=3) > -0.5 if masked else None
    x = normal(pairs.num_pairs, 2).requires_grad_()
    scale = normal(len(symbols), seed=1).requires_grad_()
    own = {key: value.requires_grad_() for key, value in shifts_for(8, 2).items() if key in symbols}

    def run(*given: Tensor) -> tuple[Tensor, ...]:
        shifts = dict(zip(own, given[2:], strict=True))
        return pair_aggregate(
            given[0], pairs, symbols, shifts=shifts, scale=given[1], inside=inside
        )

    inputs = (x, scale, *own.values())
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@pytest.mark.parametrize("place", ["u", "v", "diagonal"])
def test_gradients_of_sums_over_a_node(backend: str, place: str) -> None:
    edge_index, bounds = batch("plain", "empty")
    pairs = Pairs(edge_index, bounds, bounds[-1])
    x, h = normal(pairs.num_pairs, 2).requires_grad_(), normal(14, 2).requires_grad_()
    steps: tuple[tuple[Callable[..., Tensor], Tensor], ...] = ((pair_reduce, x), (pair_spread, h))
    for step, given in steps:
        assert torch.autograd.gradcheck(lambda t, s=step: s(t, pairs, place), given)
        assert torch.autograd.gradgradcheck(lambda t, s=step: s(t, pairs, place), given)


def mixed() -> tuple[Pairs, Tensor]:
    """Molecule-sized graphs, enough of them for several threads."""
    random = torch.Generator().manual_seed(0)
    sizes = torch.randint(5, 40, (60,), generator=random).tolist()
    bounds = [0, *torch.tensor(sizes).cumsum(0).tolist()]
    edges = [
        torch.randint(n, (2, 2 * n), generator=random) + first
        for n, first in zip(sizes, bounds, strict=False)
    ]
    edge_index = torch.cat(edges, dim=1)
    return Pairs(edge_index, bounds, bounds[-1]), edge_index


def trained(pairs: Pairs, width: int, dtype: torch.dtype) -> list[Tensor]:
    """Results and all gradients."""
    x = normal(pairs.num_pairs, width, dtype=dtype).requires_grad_()
    scale = normal(len(SYMBOLS), seed=1, dtype=dtype).requires_grad_()
    shifts = {
        k: v.to(dtype).requires_grad_() for k, v in shifts_for(pairs.adj.num_edges, width).items()
    }
    found = pair_aggregate(x, pairs, SYMBOLS, shifts=shifts, scale=scale)
    total = sum((y * normal(*y.shape, seed=9 + k, dtype=dtype)).sum() for k, y in enumerate(found))
    return [*found, *torch.autograd.grad(total, [x, scale, *shifts.values()])]  # type: ignore[arg-type]


def test_many_graphs_equal_the_reference() -> None:
    pairs, _ = mixed()
    with ops.use("torch"):
        expected = trained(pairs, 33, torch.float64)
    with ops.use("numba"):
        for dtype, far in ((torch.float64, 1e-10), (torch.float32, 2e-4)):
            for ours, theirs in zip(trained(pairs, 33, dtype), expected, strict=True):
                torch.testing.assert_close(
                    ours.double(), theirs, rtol=far, atol=far * float(theirs.detach().abs().max())
                )


def test_bits_do_not_depend_on_threads() -> None:
    pairs, _ = mixed()
    threads, results = torch.get_num_threads(), []
    for number in (1, 2, 4):
        torch.set_num_threads(number)
        with ops.use("numba"):
            results.append(trained(pairs, 32, torch.float32))
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(map(torch.equal, other, results[0]))


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_of_a_graph_that_is_shared_out(masked: bool) -> None:
    random, nodes = torch.Generator().manual_seed(1), WHOLE + 2
    edges = [torch.randint(n, (2, 2 * n), generator=random) for n in (5, nodes)]
    edge_index = torch.cat([edges[0], edges[1] + 5], dim=1)
    inside = normal(25 + nodes**2, seed=3) > -0.5 if masked else None
    found = []
    for name in ("torch", "numba"):
        with ops.use(name):
            pairs = Pairs(edge_index, [0, 5, 5 + nodes])
            x = normal(pairs.num_pairs, 3).requires_grad_()
            shifts = shifts_for(edge_index.shape[1], 3)
            given = [x, *(shift.requires_grad_() for shift in shifts.values())]
            sums = pair_aggregate(x, pairs, LOCAL, shifts=shifts, inside=inside)
            total = sum((y * normal(*y.shape, seed=k)).sum() for k, y in enumerate(sums))
            found.append(torch.autograd.grad(total, given))  # type: ignore[arg-type]
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_no_index_of_edges_between_pairs_is_made_and_no_message_kept() -> None:
    pairs, edge_index = mixed()
    kept: list[Tensor] = []

    def note(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    x = normal(pairs.num_pairs, 8).requires_grad_()
    shifts = {"uL": normal(edge_index.shape[1], 8), "vL": normal(edge_index.shape[1], 8)}
    with saved_tensors_hooks(note, lambda tensor: tensor), ops.use("numba"):
        found = pair_aggregate(x, pairs, ("uL", "vL"), shifts=shifts)
        found[0].sum().backward()
    assert kept and all(tensor.numel() <= x.numel() for tensor in kept)
    assert not any("grown" in str(key) for key in pairs.adj._cache)


def test_half_precision_is_added_up_in_single(backend: str) -> None:
    edge_index, bounds = batch("hub")
    pairs = Pairs(edge_index, bounds, bounds[-1])
    x = normal(pairs.num_pairs, 4).bfloat16()
    (found,) = pair_aggregate(x, pairs, ("uL",))
    assert found.dtype == torch.bfloat16
    expected = dense("uL", x.double(), edge_index, bounds)
    torch.testing.assert_close(found.double(), expected, rtol=8e-3, atol=8e-3)


def test_one_graph_needs_no_bounds_and_a_layout_is_kept_with_the_graph() -> None:
    edge_index, nodes = graph("plain")
    adj = Adjacency(edge_index, nodes)
    pairs = Pairs(adj)
    assert pairs.num_pairs == nodes**2 and torch.equal(pairs.u, torch.arange(81) // 9)
    again = Pairs(adj, torch.tensor([0, nodes]))
    assert again._u is pairs._u and Pairs(adj)._v is pairs._v
    assert torch.equal(again.u, pairs.u) and torch.equal(Pairs(adj).v, pairs.v)


def test_refusals() -> None:
    edge_index = torch.tensor([[0, 2], [1, 1]])
    with pytest.raises(
        ValueError, match=r"edge 1 goes from node 2 of graph 1 to node 1 of graph 0, but"
    ):
        Pairs(edge_index, [0, 2, 3])
    for wrong in ([0, 2], [1, 3], [0, 2, 1, 3], []):
        with pytest.raises(ValueError, match="bounds must ascend from 0 to the number of nodes, 3"):
            Pairs(edge_index, wrong)
    pairs = Pairs(edge_index)
    x, shift = torch.zeros(9, 2), torch.zeros(2, 2)
    with pytest.raises(ValueError, match="a symbol is 'uX', which is none of uL, vL"):
        pair_aggregate(x, pairs, ("uX",))
    with pytest.raises(ValueError, match="at least one is needed, and each gives one result"):
        pair_aggregate(x, pairs, ("uL", "uL"))
    with pytest.raises(ValueError, match="x has 8 rows, but the graphs have 9 pairs of nodes"):
        pair_aggregate(x[1:], pairs, ("uL",))
    with pytest.raises(ValueError, match=r"a symbol of shifts is 'vv', which is none of uL, vL"):
        pair_aggregate(x, pairs, ("vv",), shifts={"vv": shift})
    with pytest.raises(ValueError, match=r"shifts\['uL'\] has 1 rows but the graph has 2 edges"):
        pair_aggregate(x, pairs, ("uL",), shifts={"uL": shift[1:]})
    with pytest.raises(ValueError, match=r"x has rows of 2 numbers: give \(E, 2\)"):
        pair_aggregate(x, pairs, ("uL",), shifts={"uL": torch.zeros(2, 3)})
    with pytest.raises(ValueError, match=r"scale is \(2,\), but there are 1 symbols"):
        pair_aggregate(x, pairs, ("uL",), scale=torch.ones(2))
    with pytest.raises(ValueError, match=r"inside is torch.float32 of shape \(9,\)"):
        pair_aggregate(x, pairs, ("uL",), inside=torch.ones(9))
    with pytest.raises(ValueError, match="place is 'w', which is none of u, v, diagonal"):
        pair_reduce(x, pairs, "w")
    with pytest.raises(ValueError, match="x has 9 rows, but there are 3 nodes"):
        pair_spread(x, pairs, "u")
