"""The section on a GPU of docs/performance.md: what it was measured on, and its two tables."""

from __future__ import annotations

import argparse
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from gnnlab.runner.reports.tables import layout
from gnnlab.runner.runs.environment import environment

Row = dict[str, Any]


def tables(checks: list[Row], times: list[Row]) -> str:
    """Both tables as Markdown."""
    first = layout(
        ("operation, forward and backward", "stored", "error", "within bound", "equal bits"),
        [
            (
                r["operation"], r["dtype"], f"{r['error']:.1e}", _yes(r["right"]),
                _yes(r["equal_bits"]),
            )
            for r in checks
        ],
    )  # fmt: skip
    second = layout(
        ("graph", "case", "passes", "by", "ms", "over gnnlab's", "GB/s", "of a copy"),
        [
            (
                r["graph"], r["case"], r["passes"], r["by"], f"{r['ms']:.3f}", f"{r['ratio']:.2f}",
                "" if r["gbs"] is None else f"{r['gbs']:.0f}",
                "" if r["share"] is None else f"{r['share']:.0%}",
            )
            for r in times
        ],
    )  # fmt: skip
    return first + "\n\n" + second


def _yes(value: bool) -> str:
    return "yes" if value else "NO"


def head(device: torch.device, options: argparse.Namespace, speed: float) -> str:
    """What the figures were measured on."""
    place = environment(str(device))
    try:
        place["versions"]["triton"] = version("triton")
    except PackageNotFoundError:
        pass
    versions = ", ".join(f"{name} {number}" for name, number in place["versions"].items())
    card = place["machine"].get("device", "a CPU (triton's interpreter)")
    return (
        "\n## On a GPU\n\nMade by `python benchmarks/gpu.py --page docs/performance.md` on "
        f"{card}, {options.rounds} rounds, a copy at {speed:.0f} GB/s (read and write);\n"
        f"{versions}.\n\n"
        "The first table compares with the reference in float64: the error is relative to the "
        "largest number of each\nresult and gradient; equal bits are over repeated runs. In the "
        "second, times are medians of rounds in which all\ntake turns, and GB/s counts every "
        "neighbour's row as read from memory: what the cache saved can lift it above\nthe "
        "copy.\n\n"
    )
