"""Two measurements side by side. Run: python benchmarks/compare.py OLD.json NEW.json"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from peers import OURS

from gnnlab.runner.reports.tables import layout

COLUMNS = (
    "graph",
    "case",
    "old ms",
    "new ms",
    "old / new",
    "machine",
    "old / new, corrected",
    "MB",
)


def table(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Ours in both, row by row; the machine's drift is what the peers' times changed by."""
    before = {(row["graph"], row["case"]): row["sides"] for row in old["rows"]}
    body = [
        entry(row["graph"], row["case"], before[row["graph"], row["case"]], row["sides"])
        for row in new["rows"]
        if (row["graph"], row["case"]) in before
    ]
    here = old["machine"] == new["machine"] and old["threads"] == new["threads"]
    head = "" if here else "Two machines or numbers of threads: only the corrected ratios count.\n"
    return head + layout(COLUMNS, body)


def entry(graph: str, case: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    before, after = old[OURS]["both_ms"], new[OURS]["both_ms"]
    same = [name for name in new if name in old and name != OURS]
    drift = sorted(old[name]["both_ms"] / new[name]["both_ms"] for name in same)
    middle = drift[len(drift) // 2] if drift else None
    return (
        graph,
        case,
        f"{before:.2f}",
        f"{after:.2f}",
        f"{before / after:.2f}",
        "-" if middle is None else f"{middle:.2f}",
        "-" if middle is None else f"{before / after / middle:.2f}",
        f"{megabytes(old)} -> {megabytes(new)}",
    )


def megabytes(sides: dict[str, Any]) -> str:
    peak = sides[OURS]["peak_mb"]
    return "-" if peak is None else f"{peak:.0f}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("give two files that ops.py --json wrote: compare.py OLD.json NEW.json")
    first, second = (json.loads(Path(name).read_text()) for name in sys.argv[1:])
    print(table(first, second))
