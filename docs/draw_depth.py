"""Draw docs/depth.png from docs/depth.json, which benchmarks/depth.py writes.

Run: python docs/draw_depth.py
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
LABELS = {
    "dagnn": "DAGNN (hops)",
    "sgc": "SGC (steps)",
    "gcn": "GCN, plain (layers)",
    "gcnii": "GCNII (layers)",
}


def main() -> None:
    rows = json.loads((HERE / "depth.json").read_text(encoding="utf-8"))
    figure, ax = plt.subplots(figsize=(7, 4))
    for curve in dict.fromkeys(row["curve"] for row in rows):
        own = [row for row in rows if row["curve"] == curve]
        mean = [100 * row["mean"] for row in own]
        std = [100 * row["std"] for row in own]
        depth = [row["depth"] for row in own]
        ax.errorbar(depth, mean, std, marker="o", capsize=3, label=LABELS[curve])
    ax.set_xscale("log")
    ticks = sorted({row["depth"] for row in rows})
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("depth")
    ax.set_ylabel("test accuracy, %")
    ax.set_title("Cora, public split, 10 seeds")
    ax.legend()
    figure.tight_layout()
    figure.savefig(HERE / "depth.png", dpi=120)


if __name__ == "__main__":
    main()
