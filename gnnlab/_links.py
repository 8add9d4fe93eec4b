"""Links to the source as it is installed: a folder of them, for tools that read files.

In the repository the rooms lie beside ``gnnlab/``; the package that people import has them inside.
Python finds them either way, but type checkers and editors follow folders alone. So an editable
install puts ``build/links`` on the path, in which ``gnnlab/`` holds a link to each part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("datasets", "layers", "rewiring", "tasks")


def link(root: Path = ROOT) -> Path:
    """Link every part of the package to ``build/links/gnnlab`` and return ``build/links``.

    Links that are right are left alone, since a running program may be reading through them.

    Raises:
        OSError: the system allows no links.
    """
    home = root / "build" / "links"
    package = home / "gnnlab"
    package.mkdir(parents=True, exist_ok=True)
    inside = [path for path in (root / "gnnlab").iterdir() if path.name != "__pycache__"]
    parts = {path.name: path for path in [*inside, *(root / name for name in ROOMS)]}
    for old in package.iterdir():
        if old.name not in parts or old.resolve() != parts[old.name]:
            old.unlink()
    for name, path in parts.items():
        if not (package / name).exists():
            (package / name).symlink_to(path, target_is_directory=path.is_dir())
    return home


class EditableWheel(editable_wheel):  # type: ignore[misc]
    """An editable install by a path to the links; where there can be none, setuptools' finder."""

    def _select_strategy(self, name: str, tag: str, build_lib: Any) -> Any:
        if self.mode is not None:  # the user asked for a mode of setuptools'
            return super()._select_strategy(name, tag, build_lib)
        try:
            # Private, so asked for here: were it gone, the finder would still serve.
            from setuptools.command.editable_wheel import _StaticPth

            home = link(Path(self.distribution.src_root or ".").resolve())
        except (ImportError, OSError):
            return super()._select_strategy(name, tag, build_lib)
        return _StaticPth(self.distribution, name, [home])


if __name__ == "__main__":
    print(link())
