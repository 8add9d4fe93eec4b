"""Own parts: classes and functions of a user's, named by import path, and digests of their source.

A path is ``package.module:Name``. The current folder counts as a place to import from, as it does
for servers such as uvicorn, and ``sys.path`` is left as it was.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from gnnlab.core.errors import sentence

OURS = "gnnlab"
NOTE = "gnnlab_source"
LIBRARIES = ("builtins", "torch", "typing", "abc", "collections")
"""Whose bases are not looked into: ``run.toml`` holds the versions of those that matter."""


def is_path(name: object) -> bool:
    """Whether a name is an import path.

    Example:
        >>> is_path("models:Net"), is_path("lab.models:Net"), is_path("gat-sep"), is_path("C:/x")
        (True, True, False, False)
    """
    module, colon, place = str(name).partition(":")
    return bool(colon) and all(part.isidentifier() for part in f"{module}.{place}".split("."))


def imported(path: str) -> Any:
    """Return what an import path names.

    Raises:
        ValueError: no such module, a module that fails, or no such name in it.
    """
    name, _, place = path.partition(":")
    with _importable_here():
        try:
            found: Any = import_module(name)
        except ModuleNotFoundError as error:
            if error.name and f"{name}.".startswith(f"{error.name}."):
                raise ValueError(
                    f"{path} names the module {error.name}, which is neither installed nor in the "
                    f"current folder, {os.getcwd()}: go to the folder that holds it, or install it"
                ) from error
            raise ValueError(f"{path} cannot be imported: {sentence(error)}") from error
        except Exception as error:
            raise ValueError(f"{path} cannot be imported: {sentence(error)}") from error
    for part in place.split("."):
        if not hasattr(found, part):
            near = get_close_matches(part, dir(found), n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else "name what is in it"
            raise ValueError(f"{path} names {part}, which {name} does not have; {hint}")
        found = getattr(found, part)
    return found


@contextmanager
def _importable_here() -> Iterator[None]:
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def path_of(thing: Any) -> str:
    """The import path of a class or a function; empty where importing it gives another thing.

    Example:
        >>> path_of(Path), path_of(lambda: 0)
        ('pathlib:Path', '')
    """
    path = f"{getattr(thing, '__module__', '')}:{getattr(thing, '__qualname__', '')}"
    if not is_path(path):
        return ""
    try:
        return path if imported(path) is thing else ""
    except ValueError:
        return ""


def is_ours(thing: Any) -> bool:
    """Whether a class or a function is a part of gnnlab."""
    return _is_in(str(getattr(thing, "__module__", "")), OURS)


def source_digest(thing: Any) -> str:
    """Sixteen digits that change with the source of a class or a function.

    It is that of the file which defines it, of those that define its bases, and of the user's own
    modules that these files import (those that lie beside them; of installed packages the file
    alone). Where there is no file, as in a notebook, it is that of the definition.

    Raises:
        ValueError: a file that has changed since an earlier digest, and was not imported anew.
    """
    texts = _files(thing) or {"": _definition(thing)}
    whole = hashlib.sha256()
    for name in sorted(texts):
        whole.update(f"{name}\n".encode() + texts[name] + b"\n")
    return whole.hexdigest()[:16]


def _files(thing: Any) -> dict[str, bytes]:
    """The sources that decide what a thing does, by module."""
    kinds = thing.__mro__ if isinstance(thing, type) else (thing,)
    todo = [str(getattr(kind, "__module__", "")) for kind in kinds]
    found: dict[str, bytes] = {}
    while todo:
        name = todo.pop()
        file = _file(name)
        if file is not None and name not in found:
            found[name] = _as_imported(name, file)
            todo += _imported_beside(name, file)
    return found


def _as_imported(name: str, file: Path) -> bytes:
    """The content of a module's file, which must be what runs: a note of it stays on the module's
    import record, of which ``importlib.reload`` makes another."""
    content, record = file.read_bytes(), sys.modules[name].__spec__
    digest = hashlib.sha256(content).hexdigest()
    if record is not None and getattr(record, NOTE, digest) != digest:
        raise ValueError(
            f"{file.name} was changed after it was imported, so that what runs is not what it "
            "says: import it anew, with importlib.reload or in another process"
        )
    if record is not None:
        setattr(record, NOTE, digest)
    return content


def _file(name: str) -> Path | None:
    """The file of a module that is not gnnlab's or a large library's."""
    path = getattr(sys.modules.get(name), "__file__", None)
    if path is None or any(_is_in(name, whose) for whose in (OURS, *LIBRARIES)):
        return None
    return Path(path) if str(path).endswith(".py") and Path(path).is_file() else None


def _imported_beside(name: str, file: Path) -> list[str]:
    """The modules that a user's module imports and that lie under the same root."""
    if "site-packages" in file.parts:
        return []
    root = file.resolve().parents[name.count(".") + (file.name == "__init__.py")]
    things = list(vars(sys.modules[name]).values())
    names = [one.__name__ for one in things if isinstance(one, ModuleType)]
    names += [str(one.__module__) for one in things if isinstance(one, (type, FunctionType))]
    files = {one: _file(one) for one in names}
    return [
        one
        for one, path in files.items()
        if path and "site-packages" not in path.parts and path.resolve().is_relative_to(root)
    ]


def _definition(thing: Any) -> bytes:
    """The source of a thing that no file holds; of a class, that of its functions."""
    kinds = thing.__mro__ if isinstance(thing, type) else (thing,)
    own = [kind for kind in kinds if not any(_is_in(kind.__module__, one) for one in LIBRARIES)]
    parts = []
    for kind in own:
        functions = [kind] if isinstance(kind, FunctionType) else vars(kind).values()
        for function in functions:
            if isinstance(function, FunctionType):
                try:
                    parts.append(inspect.getsource(function).encode())
                except (OSError, TypeError):
                    parts.append(_compiled(function.__code__))
    return b"\n".join(parts)


def _compiled(code: CodeType) -> bytes:
    """What a function does, where nobody kept how it was written."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    plain = [one for one in code.co_consts if not isinstance(one, CodeType)]
    own = code.co_code + repr((plain, code.co_names)).encode()
    return b"".join([own, *map(_compiled, inner)])


def _is_in(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")
