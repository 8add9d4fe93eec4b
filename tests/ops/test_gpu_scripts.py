"""The scripts for CUDA machines: every step on a CPU, interpreted; the real thing where one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
NO_GPU = not torch.cuda.is_available()


def script(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(ROOT / "benchmarks" / name), *words],
        capture_output=True, text=True, timeout=500, env=environment,
    )  # fmt: skip


@pytest.mark.slow
def test_the_benchmark_runs_dry(tmp_path: Path) -> None:
    pytest.importorskip("triton")
    page = tmp_path / "page.md"
    page.write_text("# Performance\n\n## On a GPU\n\nof another day\n")
    kept = "--page", str(page), "--json", str(tmp_path / "found.json")
    done = script("gpu.py", "--dry", "--only", "gcn_propagate", *kept)
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert [row["operation"] for row in found["checks"]] == ["gcn_propagate"] * 2
    assert {row["by"] for row in found["times"]} >= {"gnnlab", "PyG scatter", "torch.sparse CSR"}
    assert page.read_text().startswith("# Performance\n\n## On a GPU\n")
    assert page.read_text().count("## On a GPU") == 1 and "another day" not in page.read_text()


@pytest.mark.slow
def test_the_smoke_script_runs_dry() -> None:
    pytest.importorskip("triton")
    names = (
        "encoder GCN",
        "layer GATConv",
        "task node",
        "task of many graphs, labels",
        "kernel propagate max",
    )
    done = script("gpu_smoke.py", "--dry", "--only", *names)
    assert done.returncode == 0, done.stdout
    assert all(f"ok      {name}\n" in done.stdout for name in names)
    assert done.stdout.endswith("all ran\n")


@pytest.mark.slow
@pytest.mark.skipif(not NO_GPU, reason="a CUDA device is here")
@pytest.mark.parametrize("name", ["gpu.py", "gpu_smoke.py"])
def test_without_a_device_they_say_what_is_missing(name: str) -> None:
    done = script(name)
    assert done.returncode == 2
    assert "a CUDA device, and torch sees none here" in done.stdout


@pytest.mark.skipif(NO_GPU, reason="needs a CUDA device")
def test_everything_runs_on_the_device() -> None:
    done = script("gpu_smoke.py")
    assert done.returncode == 0, done.stdout
