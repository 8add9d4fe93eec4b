"""What works where the system is not POSIX: all that Windows lacks is taken away in a child."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

WITHOUT = """
import ctypes, mmap, os, pathlib, signal, sys
import networkx, numba, scipy.sparse.linalg, sklearn.metrics, torch, torch_geometric
from torch_geometric.data import Data

for module in ("fcntl", "resource", "pwd", "grp", "termios", "posix", "pty", "syslog"):
    sys.modules[module] = None
for owner, names in {
    os: ("register_at_fork fork forkpty kill killpg sysconf uname sched_getaffinity getuid geteuid "
         "getpgid setsid wait4 mkfifo posix_spawn nice getloadavg fchmod"),
    signal: "SIGKILL SIGHUP SIGALRM SIGUSR1 SIGCHLD alarm setitimer pthread_sigmask",
    mmap: "MAP_PRIVATE MAP_ANONYMOUS MAP_SHARED MADV_HUGEPAGE PROT_READ PROT_WRITE",
}.items():
    for name in names.split():
        if hasattr(owner, name):
            delattr(owner, name)

load = ctypes.CDLL.__init__
def only_by_name(self, name, *args, **kwargs):
    if name is None:
        raise TypeError("argument of type 'NoneType' is not iterable")
    if str(name).endswith(".so"):
        raise OSError(f"there is no {name}")
    load(self, name, *args, **kwargs)
ctypes.CDLL.__init__ = only_by_name

opened = pathlib.Path.open
def no_proc(self, *args, **kwargs):
    if str(self).startswith(("/proc", "/sys")):
        raise FileNotFoundError(f"there is no {self}")
    return opened(self, *args, **kwargs)
pathlib.Path.open = no_proc
"""

WORK = """
from importlib import import_module
from pkgutil import walk_packages
import gnnlab
for room in ("ops", "structure", "analysis", "runner", "layers", "rewiring", "datasets", "tasks"):
    package = import_module(f"gnnlab.{room}")
    for found in walk_packages(package.__path__, package.__name__ + "."):
        if ".triton" not in found.name and not found.name.endswith(("scatter", "sparse")):
            import_module(found.name)
from gnnlab import cli, datasets, layers, rewiring, tasks
from gnnlab.core import allocator, processes

assert allocator.keep_freed_pages() is False
data = datasets.load("karate")
data = rewiring.FoSR(num_edges=2)(data)
result = tasks.fit(tasks.NodeClassification(), layers.GCN(data.num_features, 8), data,
                   tasks.Training(epochs=3))
assert 0 <= result.test <= 1
from gnnlab.kernels import memory
assert memory.empty((3_000_000,), torch.float32).fill_(1).sum() == 3_000_000
from gnnlab.kernels.budget import free_memory
assert free_memory() > 0
from gnnlab.tasks.training.peak_memory import PeakMemory
assert PeakMemory(torch.device("cpu")).bytes() == 0
from gnnlab.runner.runs.results import append_result, read_results, KEYS
import tempfile
with tempfile.TemporaryDirectory() as folder:
    told = dict.fromkeys(("task", "data", "model", "rewiring", "metric"), "a")
    append_result(pathlib.Path(folder), {**dict.fromkeys(KEYS, 0), **told})
    assert len(read_results(folder)) == 1
print("done")
"""


@pytest.mark.slow
def test_rooms_load_and_a_model_is_fitted_without_what_windows_lacks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + WORK], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0 and "done" in done.stdout, done.stderr[-2000:]
