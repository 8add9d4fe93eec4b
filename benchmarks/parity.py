"""Run the tests of the operations once on each backend and keep how many passed.

The tests are those with the fixture ``backend``: dense formulas in float64, gradients, and what
goes wrong. Run: python benchmarks/parity.py FILE.json [pytest's options, such as -n 2]
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gnnlab.ops.base.choice import NAMES
from gnnlab.runner.runs.environment import environment

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"failure": "failed", "error": "failed", "skipped": "skipped"}


def counted(report: Path) -> dict[str, dict[str, int]]:
    """Outcomes by backend, read from pytest's JUnit file."""
    backends = [name for name in NAMES if name != "auto"]
    found: dict[str, Counter[str]] = {name: Counter() for name in backends}
    for case in ElementTree.parse(report).iter("testcase"):
        outcome = next((KINDS[child.tag] for child in case if child.tag in KINDS), "passed")
        for word in case.get("name", "").partition("[")[2].rstrip("]").split("-"):
            if word in found:
                found[word][outcome] += 1
    kinds = ("passed", "failed", "skipped")
    return {name: {kind: counts[kind] for kind in kinds} for name, counts in found.items()}


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit("name the file to write: python benchmarks/parity.py FILE.json")
    target = Path(sys.argv[1])
    report = target.with_suffix(".xml")
    command = ["pytest", "tests/ops", "-q", *sys.argv[2:]]
    run = [sys.executable, "-m", *command, f"--junitxml={report}"]
    code = subprocess.run(run, cwd=ROOT, check=False).returncode
    place = environment(packages=("torch-scatter", "torch-sparse"))
    found: dict[str, Any] = {"command": shlex.join(command), "exit": code}
    found |= {"versions": place["versions"], "backends": counted(report)}
    report.unlink()
    target.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found["backends"], indent=1))
    raise SystemExit(code)


if __name__ == "__main__":
    main()
