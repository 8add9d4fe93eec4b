"""Lay the source out as it is installed, for tools that read files instead of importing them."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("datasets", "layers", "rewiring", "tasks")


def build(home: Path) -> Path:
    """Link (or, where links are not allowed, copy) the package to ``home/gnnlab``."""
    package = home / "gnnlab"
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    inside = [path for path in (ROOT / "gnnlab").iterdir() if path.name != "__pycache__"]
    for path in [*inside, *(ROOT / name for name in ROOMS)]:
        try:
            (package / path.name).symlink_to(path, target_is_directory=path.is_dir())
        except OSError:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, package / path.name)
    return package


if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "typing")))
