"""Machine code on disk serves as long as nothing that it is made of has changed, and no longer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import gnnlab.kernels
from gnnlab.kernels import sources

FILES = {
    "__init__": "",
    "loops/__init__": "",
    "loops/scale": """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from gnnlab.kernels.compile import compiled
        from gnnlab.helpers import tripled as helper
        if TYPE_CHECKING:
            from gnnlab.helpers.unrelated import Thing
        def _scale(x: int) -> int:
            return helper.tripled(x)
        scale = compiled(_scale)
    """,
    "helpers/__init__": "",
    "helpers/tripled": """
        from gnnlab.helpers.number import THREE
        from gnnlab.kernels.compile import inner
        def _tripled_(x):
            return THREE * x
        tripled = inner(_tripled_)
    """,
    "helpers/number": "THREE = 3",
    "helpers/unrelated": "class Thing: ...",
}
"""A package whose kernel inlines a helper of another folder, with a number of a third file."""
ASK = """
from gnnlab.loops.scale import scale
print(scale(5), sum(scale.stats.cache_misses.values()))
"""


def written(root: Path, name: str, text: str) -> None:
    lines = text.strip("\n").splitlines()
    cut = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    file = root / "gnnlab" / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(line[cut:] for line in lines) + "\n")


def asked(root: Path) -> list[int]:
    """What the kernel says in a new process, and how many kernels were compiled for it."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={"PYTHONPATH": str(root)}, cwd=root, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_a_kernel_is_compiled_anew_when_a_file_of_its_own_changes_and_not_else(
    tmp_path: Path,
) -> None:
    for name, text in FILES.items():
        written(tmp_path, name, text)
    (tmp_path / "gnnlab/kernels").mkdir()
    for name in ("__init__", "compile", "sources"):
        shutil.copy(
            Path(gnnlab.kernels.__file__).with_name(f"{name}.py"), tmp_path / "gnnlab/kernels"
        )
    assert asked(tmp_path) == [15, 1]
    written(tmp_path, "helpers/unrelated", "class Thing: number = 7")
    assert asked(tmp_path) == [15, 0]
    written(tmp_path, "helpers/number", "THREE = 4")
    assert asked(tmp_path) == [20, 1]


def test_every_kernel_depends_on_how_kernels_are_compiled_and_on_no_graph() -> None:
    """Helpers of other folders are among the files of a real kernel; values are not."""
    loops = sources.PACKAGE / "ops/backends/cpu/loops/edge_dot.py"
    found = {path.relative_to(sources.PACKAGE).as_posix() for path in sources.made_of(loops)}
    assert {"kernels/compile.py", "kernels/prefetch.py"} <= found
    assert not any(
        path.startswith(("structure/", "ops/graphs/", "ops/autograd/")) for path in found
    )
