"""The kernels for CUDA tensors: long rows, bits, types and offsets, in Triton's interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from ops_oracles import graph, normal
from torch import Tensor

from gnnlab import ops
from gnnlab.ops import Adjacency, use

triton = pytest.importorskip("triton")
tl = triton.language
from gnnlab.ops.backends.reference.dropout import drop as by_torch  # noqa: E402
from gnnlab.ops.backends.triton import dropout as gpu  # noqa: E402
from gnnlab.ops.backends.triton import launch, ranges  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
NODES, EDGES = 12, 330
pytestmark = pytest.mark.usefixtures("quick_interpreter")


def hub() -> Adjacency:
    """A node with more than two parts' edges coming in, and one with as many going out."""
    generator = torch.Generator().manual_seed(0)
    edge_index = torch.randint(NODES, (2, EDGES), generator=generator)
    edge_index[1, : 2 * ranges.LONGEST + 9] = 3
    edge_index[0, 30:] = 5
    return Adjacency(edge_index[:, torch.randperm(EDGES, generator=generator)], NODES)


def cases() -> dict[str, tuple[Callable[..., Tensor], list[Tensor]]]:
    adj = hub()
    x, heads, score = normal(NODES, 7), normal(NODES, 2, 5), normal(NODES, 2, seed=1)
    query, w, w2 = normal(NODES, 2, 3, seed=2), normal(EDGES, seed=3), normal(EDGES, 2, seed=4)
    maps = normal(EDGES, 3, 2, seed=5)
    return {
        "sum": (lambda x: ops.propagate(x, adj), [x]),
        "mean by head": (lambda x, w: ops.propagate(x, adj, w, "mean"), [heads, w2]),
        "max by head": (lambda x, w: ops.propagate(x, adj, w, "max"), [heads, w2]),
        "min": (lambda x: ops.propagate(x, adj, reduce="min"), [x]),
        "gcn": (lambda x: ops.gcn_propagate(x, adj), [x]),
        "segment sum": (lambda v: ops.segment_reduce(v, adj.target, NODES), [w2]),
        "segment max": (lambda v: ops.segment_reduce(v, adj.target, NODES, "max"), [w2]),
        "softmax": (lambda s: ops.edge_softmax(s, adj), [w2]),
        "dot": (lambda q, k: ops.edge_dot(q, k, adj), [heads, heads + 1]),
        "gather": (lambda x: ops.gather(x, adj), [x]),
        "block": (lambda x, m: ops.block_propagate(x, adj, m), [heads, maps]),
        "additive": (
            lambda v, a, b, w: ops.attend(v, adj, source=a, target=b, weight=w),
            [heads, score, 1 - score, w2],
        ),
        "product": (
            lambda v, q, k, w: ops.attend(v, adj, query=q, key=k, weight=w),
            [heads, query, query - 1, w],
        ),
    }


def kernel_modules(holding: str) -> list[ModuleType]:
    """The modules of kernels that read this name."""
    prefix = "gnnlab.ops.backends.triton."
    found = [module for name, module in sys.modules.items() if name.startswith(prefix)]
    return [module for module in found if hasattr(module, holding)]


def results(name: str, backend: str, dtype: torch.dtype) -> list[Tensor]:
    function, inputs = cases()[name]
    fresh = [tensor.to(dtype).requires_grad_() for tensor in inputs]
    with use(backend):
        y = function(*fresh)
        found = torch.autograd.grad(y, fresh, normal(*y.shape, seed=9).to(y.dtype))
    return [y.detach(), *found]


@pytest.mark.nightly
@pytest.mark.parametrize("name", cases())
def test_long_rows_are_cut_and_joined(name: str) -> None:
    assert ranges.ranges(hub().rowptr).parts is not None
    for ours, expected in zip(
        results(name, "triton", torch.float64), results(name, "torch", torch.float64), strict=True
    ):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("name", ["additive", "sum", "max by head", "softmax", "block"])
def test_parts_of_parts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module in kernel_modules("LONGEST"):
        monkeypatch.setattr(module, "LONGEST", 4)
    parts = ranges.ranges(hub().rowptr).parts
    assert parts is not None and parts.joined.parts is not None
    for ours, expected in zip(
        results(name, "triton", torch.float64), results(name, "torch", torch.float64), strict=True
    ):
        torch.testing.assert_close(ours, expected)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["sum", "mean by head", "max by head", "softmax", "block"])
def test_the_tile_changes_no_bit(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    expected = results(name, "triton", torch.float32)
    for module in kernel_modules("tile"):
        monkeypatch.setattr(module, "tile", lambda *args: launch.Tile(4, 4, 8))
    for ours, theirs in zip(results(name, "triton", torch.float32), expected, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.nightly
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["sum", "gcn", "max by head", "additive", "product", "dot"])
def test_half_precision_is_rounded_at_the_end(name: str, dtype: torch.dtype) -> None:
    function, inputs = cases()[name]
    half = [tensor.to(dtype) for tensor in inputs]
    with use("triton"):
        y = function(*half)
    with use("torch"):
        expected = function(*(tensor.double() for tensor in half))
    assert y.dtype == dtype
    tolerance = 2 * torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=tolerance, atol=tolerance)


def test_single_precision_is_exact_to_the_rows_mass() -> None:
    edge_index = torch.stack([torch.randint(50, (3000,)), torch.zeros(3000, dtype=torch.long)])
    x, weight = normal(50, 3).float(), normal(3000, seed=1).float()
    with use("triton"):
        y = ops.propagate(x, edge_index, weight)
    with use("torch"):
        exact = ops.propagate(x.double(), edge_index, weight.double())
        mass = ops.propagate(x.double().abs(), edge_index, weight.double().abs())
    assert ((y.double() - exact).abs() / mass.clamp(min=1e-300))[0].max() < 1e-6


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_dropout_has_the_mask_of_the_cpu(dtype: torch.dtype) -> None:
    x = normal(1501, 3).to(dtype)
    for seed in (0, 5, 2**62 + 12345):
        found = []
        for backend in ("triton", "numba"):
            with use(backend):
                generator = torch.Generator().manual_seed(seed)
                found.append(ops.dropout(x, 0.37, generator=generator))
        assert torch.equal(*found)


def test_a_seed_in_memory_is_the_same_seed() -> None:
    x = normal(999).float()
    for drop in (gpu.drop, by_torch):
        kept = drop(x, 0.25, torch.tensor([2**40 + 3]))
        assert torch.equal(kept, gpu.drop(x, 0.25, 2**40 + 3))


def test_offsets_do_not_end_at_32_bits() -> None:
    @triton.jit
    def kernel(out, first, width):  # type: ignore[no-untyped-def]
        row = first + tl.arange(0, 4)
        place = launch.offsets(row, width, tl.arange(0, 2))
        tl.store(out + tl.arange(0, 4)[:, None] * 2 + tl.arange(0, 2)[None, :], place)

    out = torch.empty(4, 2, dtype=torch.int64)
    first, width = 2**31 - 5, 4096
    kernel[(1,)](out, first, width)
    rows = torch.arange(first, first + 4)
    assert torch.equal(out, rows[:, None] * width + torch.arange(2))


@pytest.mark.parametrize("kind", ["additive", "product"])
def test_scores_of_minus_infinity(kind: str) -> None:
    edge_index = torch.tensor([[0, 1, 2, 0], [2, 2, 0, 1]])
    value = normal(3, 1, 4)
    ends = normal(3, 1, seed=1), normal(3, 1, seed=2)
    ends[0][0] = -torch.inf
    if kind == "product":
        ends = normal(3, 1, 2, seed=1), normal(3, 1, 2, seed=2) * 1e3
    names = ("source", "target") if kind == "additive" else ("query", "key")
    found = []
    for backend in ("triton", "torch"):
        with use(backend):
            found.append(ops.attend(value, edge_index, **dict(zip(names, ends, strict=True))))
    torch.testing.assert_close(*found, equal_nan=True)


def test_cpu_tensors_need_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET")
    with pytest.raises(ValueError, match="set TRITON_INTERPRET=1 before Python"), use("triton"):
        ops.propagate(torch.zeros(9, 2), graph("plain")[0])


COMPILE = """
import pkgutil, re, sys, torch, triton
from importlib import import_module
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
sys.path[:0] = sys.argv[1:]
from gnnlab.ops.backends import triton as kernels
from gnnlab.ops.base import choice
from gnnlab import ops

KINDS = {torch.float32: "*fp32", torch.bfloat16: "*bf16", torch.float16: "*fp16",
         torch.float64: "*fp64", torch.int32: "*i32", torch.int64: "*i64"}
seen = set()

def compile(kernel, grid, like, *args, **meta):
    names = kernel.arg_names
    given = {**dict(zip(names, args)), **{k: v for k, v in meta.items() if k in names}}
    signature, constants, aligned = {}, {}, {}
    for place, (name, value) in enumerate(given.items()):
        if isinstance(value, torch.Tensor):
            signature[name] = KINDS[value.dtype]
        elif isinstance(value, int) and not isinstance(value, bool) and name not in meta:
            signature[name] = "i64" if abs(value) >= 2**31 else "i32"
        else:
            signature[name] = "constexpr"
            constants[name] = value
        if name in ("features", "width", "x", "out", "value") and value is not None:
            aligned[(place,)] = [["tt.divisibility", 16]]
    key = kernel.__name__, str(signature), str(constants)
    if key not in seen:
        seen.add(key)
        source = ASTSource(kernel, signature, constants, aligned)
        options = dict(num_warps=meta["num_warps"], enable_fp_fusion=False)
        for arch in (80, 90):
            done = triton.compile(source, target=GPUTarget("cuda", arch, 32), options=options)
            ptx = done.asm["ptx"]
            assert not re.search(r"\\b(atom|red)\\.", ptx), key  # nothing is added atomically
    for tensor in args[:2]:
        tensor.data.zero_()

for file in pkgutil.iter_modules(kernels.__path__, kernels.__name__ + "."):
    import_module(file.name).launch = compile
choice._check_triton = lambda device: None
torch.cuda.is_current_stream_capturing = lambda: True  # nothing can be timed: take the first tile
from test_triton import cases

with ops.use("triton"):
    for name, (function, inputs) in cases().items():
        for kind in (torch.float32, torch.bfloat16):
            fresh = [tensor.to(kind).requires_grad_() for tensor in inputs]
            function(*fresh).sum().backward()
    ops.dropout(torch.ones(5000), 0.5)
print(*sorted({name for name, *_ in seen}))
"""


@pytest.mark.slow
def test_every_kernel_compiles_for_ampere_and_hopper() -> None:
    """By ahead-of-time compilation of what the operations launch; no GPU is needed for that."""
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPILE, str(ROOT), str(Path(__file__).parent)],
        capture_output=True, text=True, timeout=500, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "attend_kernel", "block_kernel", "drop_kernel", "edge_kernel", "extreme_kernel",
        "gradient_kernel", "join_kernel", "pair_kernel", "received_kernel", "row_kernel",
        "sum_kernel",
    ]  # fmt: skip
