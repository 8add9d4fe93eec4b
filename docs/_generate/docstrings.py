"""Docstring sections: prose, settings and source, from the Google style that the package uses."""

from __future__ import annotations

import inspect
import re
from typing import Any

SECTIONS = (
    *("Args", "Attributes", "Shapes", "Returns", "Yields", "Raises", "Cost", "Source"),
    *("Example", "Examples", "Note", "Settings"),
)
HEADING = re.compile(rf"^({'|'.join(SECTIONS)}): *(.*)$")
PROSE, REQUIRED = "prose", "required"


def sections(thing: Any) -> dict[str, str]:
    """Split a docstring into its prose (key ``prose``) and its sections, without indent."""
    found: dict[str, list[str]] = {PROSE: []}
    name = PROSE
    for line in docstring(thing).splitlines():
        heading = HEADING.match(line)
        if heading:
            name = heading[1]
            found[name] = [heading[2]] if heading[2] else []
        elif name != PROSE and line and not line.startswith(" "):
            name = PROSE  # a section ends where the indent does
            found[PROSE] += ["", line]
        else:
            found[name].append(line)
    return {key: inspect.cleandoc("\n".join(lines)).strip() for key, lines in found.items()}


def docstring(thing: Any) -> str:
    """An object's own docstring: none of its type, of a base class, or that dataclasses write."""
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return str(getattr(thing, "__dict__", {}).get("__doc__") or "")  # of a family of methods
    text = inspect.cleandoc(thing.__doc__ or "")
    return "" if text.startswith(f"{thing.__name__}(") else text


def first_line(thing: Any) -> str:
    """The first line of an object's own docstring; empty where it has none."""
    return next(iter(docstring(thing).splitlines()), "").strip()


def arguments(thing: Any) -> dict[str, str]:
    """What the Args section says of each argument; ``a, b: text`` counts for both."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in sections(thing).get("Args", "").splitlines():
        head = re.match(r"^([*\w]+(?:, [*\w]+)*)(?: \([^)]*\))?: *(.*)$", line)
        if head:
            names = [name.strip("* ") for name in head[1].split(",")]
            found.update(dict.fromkeys(names, head[2]))
        else:
            found.update({name: f"{found[name]} {line.strip()}".strip() for name in names})
    return found


def settings(cls: type) -> list[tuple[str, str, str]]:
    """Name, default and meaning of every argument of a class; ``required`` is none."""
    known = arguments(cls)
    for base in cls.__mro__[1:]:
        known = {**arguments(base), **known} if base.__module__.startswith("gnnlab") else known
    rows = []
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        missing = parameter.default is parameter.empty
        default = REQUIRED if missing else _value(parameter.default)
        rows.append((name, default, escaped(known.get(name, ""))))
    return rows


def escaped(text: str) -> str:
    """A description that is a letter and a full stop would be read as an item of a list."""
    return re.sub(r"^(?=[A-Za-z]\.(\s|$))", r"\\", text)


def escape_arguments(lines: list[str]) -> None:
    """Escape such descriptions in the lines of a docstring, in place, as Sphinx's event asks."""
    for number, line in enumerate(lines):
        head = re.match(r"^(\s+[*\w, ]+: )([A-Za-z]\..*)$", line)
        if head:
            lines[number] = head[1] + escaped(head[2])


def _value(default: Any) -> str:
    """A default as one would type it; a function or class by its name."""
    return getattr(default, "__name__", None) or repr(default)
