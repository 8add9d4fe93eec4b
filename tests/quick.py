"""The tests that a change may break: of changed files, and of what imports them.

Prints paths for pytest: changed tests, and for every changed module and every module that imports
it, by whatever way, the test file of its name; of a changed room, the tests of all its methods.
``make test-quick`` runs them.

Run: python tests/quick.py [BASE]   (a commit; the last one by default)
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import networkx as nx

sys.path.insert(0, str(Path(__file__).resolve().parent))
from test_arrows import ROOT, TOPS, arrows, name_of, sources  # noqa: E402


def changed(base: str) -> list[Path]:
    """Files that differ from a commit, or that git does not know yet."""
    told = [["git", "diff", "--name-only", base], ["git", "ls-files", "-o", "--exclude-standard"]]
    names = [subprocess.check_output(c, cwd=ROOT, text=True).splitlines() for c in told]
    return [ROOT / name for part in names for name in part if (ROOT / name).is_file()]


def modules(files: Iterable[Path]) -> set[str]:
    """The changed modules of the package, and all that import one of them."""
    known = sources()
    own = {name_of(file) for file in files if file.relative_to(ROOT).parts[0] in TOPS}
    own &= set(known)
    return own.union(*(nx.ancestors(arrows(), name) for name in own))


def tests_of(name: str) -> Iterator[Path]:
    """The test file of a module, where there is one."""
    *folders, file = name.removeprefix("gnnlab.").split(".")
    path = ROOT.joinpath("tests", *folders, f"test_{file}.py")
    if path.is_file():
        yield path


def main(base: str = "HEAD") -> None:
    """Print the paths; the layout's own tests are always among them."""
    files = changed(base)
    found = {path for name in modules(files) for path in tests_of(name)}
    found |= {file for file in files if file.match("tests/**/test_*.py")}
    rooms = {file.relative_to(ROOT).parts[0] for file in files} & set(TOPS[1:])
    found |= {path for room in rooms for path in (ROOT / "tests" / room).glob("test_*.py")}
    found |= {
        ROOT / "tests" / name
        for name in ("test_arrows.py", "test_first_lines.py", "test_layout.py")
    }
    print(*sorted(str(path.relative_to(ROOT)) for path in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
