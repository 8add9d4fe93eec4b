"""The same bits from any number of threads, and no deadlock in forked or spawned processes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from gnnlab.ops import use

pytest.importorskip("numba")
ROOT = Path(__file__).resolve().parents[2]

# One forward and backward pass of everything, large enough to be shared out between threads.
WORK = """
import hashlib, torch
from gnnlab.ops import (
    Adjacency, attend, block_propagate, dropout, edge_dot, edge_softmax, gather, gcn_steps,
    propagate, segment_reduce,
)

def work(nodes=3000, edges=90_000):
    g = torch.Generator().manual_seed(0)
    u = torch.rand(2, edges, generator=g)
    adj = Adjacency.of((u**3 * nodes).long(), nodes)  # some nodes have most of the edges
    x = torch.randn(nodes, 40, generator=g).requires_grad_()
    heads = torch.randn(nodes, 2, 24, generator=g).requires_grad_()
    w = torch.randn(edges, 2, generator=g).requires_grad_()
    outs = [propagate(x, adj, reduce=r) for r in ("sum", "mean", "max", "min")]
    outs += [propagate(heads, adj, w), propagate(heads, adj, w, "max"), edge_softmax(w, adj)]
    outs += [edge_dot(heads, heads, adj), gather(x, adj), segment_reduce(w, adj.target, nodes)]
    outs += [attend(heads, adj, query=heads, key=heads, weight=w)]
    outs += [attend(heads, adj, source=x[:, :2], target=x[:, 2:4])]
    outs += [block_propagate(heads, adj, w[:, :, None] * w[:, None])]
    outs += [gcn_steps(x, adj, 3)]
    outs += [dropout(heads.repeat(20, 1, 1), 0.5, generator=g)]
    outs += torch.autograd.grad([(o * o).sum() for o in outs], [x, heads, w])
    digest = hashlib.sha256()
    for out in outs:
        digest.update(out.detach().numpy().tobytes())
    return digest.hexdigest()
"""


def python(program: str) -> str:
    """Run a program of its own; a deadlock ends as a timeout."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORK + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bits_do_not_depend_on_threads_or_runs() -> None:
    threads = torch.get_num_threads()
    scope: dict[str, object] = {}
    exec(WORK, scope)
    work = scope["work"]
    assert callable(work)
    try:
        digests = []
        for number in (1, 2, 3, 2, 1):
            torch.set_num_threads(number)
            digests.append(work())
    finally:
        torch.set_num_threads(threads)
    assert len(set(digests)) == 1


@pytest.mark.slow
def test_bits_do_not_depend_on_how_the_work_is_cut() -> None:
    program = """
    from gnnlab.kernels import threads as parallel
    parallel.GRAIN, parallel.CHUNKS_PER_THREAD = {}, {}
    torch.set_num_threads({})
    print(work())
    """
    settings = [(1 << 20, 4, 1), (1 << 10, 7, 2), (1 << 14, 64, 3)]
    assert len({python(program.format(*numbers)) for numbers in settings}) == 1


def test_the_kernels_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from gnnlab.kernels import threads as parallel

    seen = []
    submit = parallel._submit
    monkeypatch.setattr(parallel, "_submit", lambda work, n: seen.append(n) or submit(work, n))
    monkeypatch.setattr(parallel, "on_torchs_threads", lambda work, n: False)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        scope: dict[str, object] = {}
        exec(WORK, scope)
        scope["work"]()  # type: ignore[operator]
    finally:
        torch.set_num_threads(threads)
    assert seen and max(seen) == 2


def test_torchs_threads_do_their_share_and_report_errors() -> None:
    import threading

    from gnnlab.kernels.openmp import on_torchs_threads

    if "OpenMP" not in torch.__config__.parallel_info() or sys.platform != "linux":
        pytest.skip("a torch without OpenMP")
    seen: list[int] = []
    assert on_torchs_threads(lambda: seen.append(threading.get_ident()), 3)
    assert len(seen) == 3 == len(set(seen)) and threading.get_ident() in seen

    def fail() -> None:
        raise ValueError("no such row")

    with pytest.raises(ValueError, match="no such row"):
        on_torchs_threads(fail, 2)


def test_rows_are_shared_out_by_their_edges() -> None:
    import numpy as np

    from gnnlab.kernels import threads as parallel

    degrees = np.zeros(10_000, dtype=np.int32)
    degrees[::100] = 50_000
    rowptr = np.concatenate([[0], degrees.cumsum()]).astype(np.int32)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        bounds = parallel._row_bounds(rowptr, 10_000, 64)
    finally:
        torch.set_num_threads(threads)
    assert bounds[0] == 0 and bounds[-1] == 10_000 and bounds == sorted(bounds)
    shares = np.diff(rowptr[bounds])
    assert len(shares) == 8 and shares.max() <= shares.mean() + 50_000


def test_forked_children_after_a_parallel_parent() -> None:
    out = python(
        """
        import multiprocessing
        torch.set_num_threads(2)
        expected = work()
        adj = Adjacency(torch.randint(3000, (2, 90_000)), 3000)
        x = torch.randn(3000, 64)
        once = propagate(x, adj)
        def single(queue):
            torch.set_num_threads(1)  # as loaders do: torch's own threads do not survive a fork
            queue.put(work() == expected)
        def several(queue):  # nothing but ours runs in parallel here, and it does
            from gnnlab.kernels import threads as parallel
            assert parallel._pool is None
            same = bool((propagate(x, adj).numpy() == once.numpy()).all())
            queue.put(same and parallel._pool is not None)
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        children = [context.Process(target=f, args=(queue,)) for f in (single, several)]
        for c in children: c.start()
        assert [queue.get(timeout=60) for c in children] == [True, True]
        for c in children: c.join(); assert c.exitcode == 0
        assert work() == expected
        print("ok")
        """
    )
    assert out.strip() == "ok"


def test_loader_workers_after_a_parallel_parent() -> None:
    out = python(
        """
        class Items(torch.utils.data.Dataset):
            def __len__(self): return 4
            def __getitem__(self, i): return work()
        torch.set_num_threads(2)
        expected = work()
        loader = torch.utils.data.DataLoader(
            Items(), num_workers=2, batch_size=None, multiprocessing_context="fork"
        )
        assert list(loader) == [expected] * 4
        print("ok")
        """
    )
    assert out.strip() == "ok"


def test_several_threads_at_once() -> None:
    out = python(
        """
        from concurrent.futures import ThreadPoolExecutor
        torch.set_num_threads(2)
        with ThreadPoolExecutor(4) as pool:
            digests = [f.result(timeout=60) for f in [pool.submit(work) for _ in range(8)]]
        assert set(digests) == {work()}
        print("ok")
        """
    )
    assert out.strip() == "ok"


def test_fork_while_other_threads_compute() -> None:
    out = python(
        """
        import os, threading
        torch.set_num_threads(2)
        expected, stop = work(), threading.Event()
        def busy():
            while not stop.is_set(): work()
        thread = threading.Thread(target=busy); thread.start()
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                torch.set_num_threads(1)  # torch's own pool does not survive a fork
                os._exit(0 if work() == expected else 1)
            assert os.waitpid(pid, 0)[1] == 0
        stop.set(); thread.join()
        print("ok")
        """
    )
    assert out.strip() == "ok"


def test_spawned_processes(tmp_path: object) -> None:
    program = WORK + textwrap.dedent(
        """
        import multiprocessing
        if __name__ == "__main__":
            torch.set_num_threads(2)
            with multiprocessing.get_context("spawn").Pool(2) as pool:
                assert set(pool.map(work, [3000] * 2)) == {work()}
            print("ok")
        """
    )
    path = f"{tmp_path}/program.py"
    with open(path, "w") as file:
        file.write(program)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", path],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "ok", done.stderr


def test_work_at_the_end_of_the_interpreter() -> None:
    out = python(
        """
        import atexit
        torch.set_num_threads(2)
        expected = work()
        atexit.register(lambda: print("ok" if work() == expected else "differs"))
        """
    )
    assert out.strip() == "ok"


def test_the_chosen_backend_is_the_threads_own() -> None:
    out = python(
        """
        import threading
        from gnnlab.ops import use
        from gnnlab.ops.base import choice as choose
        seen = []
        with use("torch"):
            thread = threading.Thread(target=lambda: seen.append(choose._chosen.get()))
            thread.start(); thread.join()
            seen.append(choose._chosen.get())
        print(seen, choose._chosen.get())
        """
    )
    assert out.strip() == "['auto', 'torch'] auto"


def test_importing_ops_loads_no_compiler() -> None:
    out = python(
        """
        import sys
        print([m for m in ("numba", "torch_geometric", "scipy", "networkx") if m in sys.modules])
        """
    )
    assert out.strip() == "[]"


def test_small_inputs_start_no_threads() -> None:
    out = python(
        """
        import threading
        torch.set_num_threads(2)
        with torch.no_grad():
            propagate(torch.ones(100, 8), torch.zeros(2, 50, dtype=torch.long))
        print([t.name for t in threading.enumerate() if "gnnlab" in t.name])
        """
    )
    assert out.strip() == "[]"


def test_use_is_undone_after_an_error() -> None:
    from gnnlab.ops.base import choice as choose

    with pytest.raises(KeyError), use("torch"):
        raise KeyError
    assert choose._chosen.get() == "auto"


def test_a_kernel_is_compiled_anew_when_another_kernel_file_changes(tmp_path: Path) -> None:
    for folder in ("gnnlab", "datasets", "layers", "rewiring", "tasks"):
        clean = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=clean)
    code = """
import torch
from gnnlab.ops import dropout, use
x = torch.ones(1000)
for name in ("torch", "numba"):
    with use(name):
        print(int(dropout(x, 0.5, generator=torch.Generator().manual_seed(0)).count_nonzero()))
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    constants = tmp_path / "gnnlab/kernels/hashing.py"
    seen = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        seen.append(done.stdout.split())
        text = constants.read_text()
        found = re.search(r"MIX1 = (0x[0-9A-Fa-f_]+)", text)
        assert found is not None
        constants.write_text(text.replace(found[1], hex(int(found[1], 16) ^ 2**40)))
    assert seen[0] != seen[1]
    assert all(reference == compiled for reference, compiled in seen)
