"""Sources of a kernel: the files whose text decides its machine code."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


@cache
def digest(file: Path) -> str:
    """A hash of all that a kernel in this file is made of: no other file changes its code."""
    texts = [_text(path) for path in sorted(made_of(file))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]


def made_of(file: Path) -> set[Path]:
    """The file, those of gnnlab's files that it imports, those that they import, and so on.

    A kernel inlines functions and freezes numbers of these files, wherever they lie.
    """
    found, left = set[Path](), [file]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _imported(path)
    return found


@cache
def _text(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""  # a notebook's cell is no file


@cache
def _imported(path: Path) -> list[Path]:
    """The files of gnnlab that run when this one is imported; imports for types do not.

    A face that looks names up when they are asked for lists them in a stub of its own: there they
    count.
    """
    head = re.split(rb"^(?:def|class|@)", _text(path), maxsplit=1, flags=re.MULTILINE)[0]
    body = ast.parse(head).body  # of the lines above the first definition, where all imports are
    if path.name == "__init__.py":
        body += ast.parse(_text(path.with_suffix(".pyi"))).body
    files = (_file(name) for node in body for name in _names(node, path))
    return [file for file in files if file is not None]


def _names(node: ast.stmt, path: Path) -> Iterator[str]:
    """The modules of gnnlab that a statement in a file imports."""
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names if name.name.startswith("gnnlab."))
    if not isinstance(node, ast.ImportFrom):
        return
    module = node.module or ""
    if node.level:
        module = ".".join(filter(None, [_package(path.parents[node.level - 1]), module]))
    if module.partition(".")[0] == "gnnlab":
        for name in node.names:
            inside = f"{module}.{name.name}"
            yield inside if _file(inside) is not None else module


def _package(folder: Path) -> str:
    """The name of a folder of gnnlab; nothing of any other."""
    for root in (PACKAGE, PACKAGE.parent):
        if folder.is_relative_to(root):
            return ".".join(["gnnlab", *folder.relative_to(root).parts])
    return ""


def _file(module: str) -> Path | None:
    """A module's file: inside the package or, in a checkout, beside it."""
    parts = module.split(".")[1:]
    for root in (PACKAGE, PACKAGE.parent):
        place = root.joinpath(*parts)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if parts and file.is_file():
                return file
    return None
