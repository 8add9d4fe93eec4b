"""Memory of large results: used again, never shared, and ordinary to torch."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap

import pytest
import torch

from gnnlab.kernels import memory
from gnnlab.ops import dropout, propagate

LARGE = (1 << 11, 1 << 10)  # 8 MB of float32


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    memory._kept.clear()


def test_a_dead_results_memory_serves_the_next() -> None:
    first = memory.empty(LARGE, torch.float32)
    place = first.data_ptr()
    del first
    assert memory.empty(LARGE, torch.float32).data_ptr() == place


def test_memory_in_use_is_never_given_out() -> None:
    generator = torch.Generator().manual_seed(0)
    alive = {n: memory.empty(LARGE, torch.float32).fill_(n) for n in range(4)}
    for n in range(4, 60):
        gone = int(torch.randint(n - 4, n, (), generator=generator))
        view = alive.pop(gone, torch.zeros(LARGE))[1:]  # a view keeps the memory
        alive[n] = memory.empty(LARGE, torch.float32).fill_(n)
        assert len(set(view.unique().tolist())) == 1
        assert all(bool((kept == value).all()) for value, kept in alive.items())
        alive.setdefault(n - 4, memory.empty(LARGE, torch.float32).fill_(n - 4))


def test_a_much_larger_buffer_is_not_wasted_on_a_small_request() -> None:
    place = memory.empty((8 * LARGE[0], LARGE[1]), torch.float32).data_ptr()
    assert memory.empty(LARGE, torch.float32).data_ptr() != place


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT", 20 << 20)
    alive = [memory.empty(LARGE, torch.float32) for _ in range(6)]
    del alive
    assert sum(map(len, memory._kept)) <= 20 << 20
    assert len(memory._kept) == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int32])
def test_it_is_an_ordinary_tensor(dtype: torch.dtype) -> None:
    y = memory.empty(LARGE, dtype).fill_(3)
    assert y.is_contiguous() and y.shape == LARGE and y.dtype == dtype and not y._is_view()
    assert y.data_ptr() % 64 == 0
    assert torch.equal(pickle.loads(pickle.dumps(y)), y)
    assert torch.equal(y.clone().share_memory_(), y)
    assert y.share_memory_().is_shared() and bool((y == 3).all())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rows", [10, LARGE[0]])
def test_zeros(rows: int, dtype: torch.dtype) -> None:
    table = memory.zeros((rows, 1000), dtype)
    assert table.shape == (rows, 1000) and table.dtype == dtype and table.is_contiguous()
    assert not table.any()


@pytest.mark.parametrize("operation", ["propagate", "dropout"])
def test_large_results_can_be_changed_in_place(operation: str) -> None:
    x = torch.ones(LARGE, requires_grad=True)
    loop = torch.arange(LARGE[0]).expand(2, -1)
    y = propagate(x, loop) if operation == "propagate" else dropout(x, 0.5)
    y *= 2
    (grad,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(grad, y.detach())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_forked_child_does_not_write_into_its_parents_memory() -> None:
    # Written through numpy: torch's own loops wait forever in the child of a parent that has
    # already run them on several threads. In a process of its own: a deadlock ends as a timeout.
    program = f"""
    import os, torch
    from gnnlab.kernels import memory
    y = memory.empty({LARGE}, torch.float32).fill_(1)
    memory.empty({LARGE}, torch.float32)  # one buffer waits
    child = os.fork()
    if child == 0:
        y.numpy()[:] = 2
        memory.empty({LARGE}, torch.float32).numpy()[:] = 3
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert bool((y == 1).all())
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=100)


@pytest.mark.skipif(sys.platform != "linux", reason="bounds the addresses of a process")
def test_rows_that_do_not_fit_are_refused_and_hold_no_memory_afterwards() -> None:
    """An error in compiled code keeps its arguments for good, here 400 MB; the second order of so
    many rows fits into what is allowed once, without room for a copy of its pointers."""
    program = """
    import resource, torch
    from pathlib import Path
    from gnnlab.ops import Adjacency

    def order(nodes):
        return Adjacency(torch.tensor([[0, 5], [5, 0]]), nodes).col

    order(7)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (600 << 20),) * 2)
    for nodes in (300_000_000, 100_000_000, 100_000_000):
        try:
            told = str(order(nodes).shape)
        except ValueError as error:
            told = str(error)
        expected = "takes 1.2 GB, which are not free" if nodes > 10**8 else "[2]"
        assert expected in told, told
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=100)
