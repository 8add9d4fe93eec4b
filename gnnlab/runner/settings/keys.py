"""Keys and values of settings, as written in files and on the command line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gnnlab.core.writing import check_regular, is_system


def check_keys(
    section: str, table: Mapping[str, Any], known: Iterable[str], elsewhere: Iterable[str] = ()
) -> None:
    """Refuse keys that nothing reads; the one that is meant is named, as far as it can be told.

    Args:
        elsewhere: dotted keys of all sections, the likeliest first.

    Raises:
        ValueError: such a key.
    """
    known = sorted(known)
    for key in table:
        if key not in known:
            near = nearest(key, known, elsewhere)
            place = f"{section}.{key}" if section else key
            hint = f"there are {', '.join(known)}" if known else "there are none"
            hint = f"did you mean {near!r}?" if near else hint
            raise ValueError(f"unknown key {place!r}; {hint}")


def nearest(key: str, known: Sequence[str], elsewhere: Iterable[str] = ()) -> str | None:
    """The key that somebody means: in its section, or in another one; None where none is near.

    Example:
        >>> nearest("learning_rate", ["lr", "min_lr"]), nearest("lr", ["model"], ["training.lr"])
        ('lr', 'training.lr')
    """
    others: dict[str, str] = {}
    for path in elsewhere:
        others.setdefault(path.rpartition(".")[2], path)
    table = {name: name for name in known}
    for names in (table, others):
        if alike := [path for name, path in names.items() if _same(key, name)]:
            return alike[0]
    for names, cutoff in ((table, 0.4), (others, 0.6)):
        if near := get_close_matches(key, names, n=1, cutoff=cutoff):
            return names[near[0]]
    return None


def _same(one: str, other: str) -> bool:
    """Whether two keys are one, or one is the initials of the other, as of learning_rate."""
    return one == other or _initials(one) == other or one == _initials(other)


def _initials(key: str) -> str:
    words = [word for word in key.split("_") if word]
    return "".join(word[0] for word in words) if len(words) > 1 else key


def toml_value(text: str) -> Any:
    """Read a TOML value; a word that is none counts as a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except (ValueError, RecursionError) as error:  # too many digits, or nested without an end
        raise ValueError(f"{text[:20]}… is no value of a setting: {error}") from error


def toml_file(path: Path, way: str) -> dict[str, Any]:
    """Read a TOML file of a user's.

    Args:
        way: out of it, for the message.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    try:
        if not is_system(path):
            check_regular(path)
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}): {way}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no TOML ({error}): {way}") from error


def place(tables: dict[str, Any], path: str, value: Any, given: str) -> None:
    """Put a value where a dotted path leads, in place.

    Args:
        given: what said so, for the message.

    Raises:
        ValueError: a key within a value.
    """
    *above, key = path.split(".")
    table = tables
    for name in above:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ValueError(f"{given}: {name} is a value and holds no keys")
    table[key] = value


def assignment(text: str, option: str, shape: str = "VALUE") -> tuple[str, Any]:
    """Read ``dotted.key=VALUE``.

    Args:
        option: which gave it, and ``shape`` what its value looks like, for the message.

    Raises:
        ValueError: another form.
    """
    dotted, equals, value = text.partition("=")
    if not equals or not dotted.strip():
        raise ValueError(f"{option} {text!r} is not of the form dotted.key={shape}")
    return dotted.strip(), toml_value(value.strip())


def flat(tables: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested tables by dotted name; a list is written as JSON.

    Example:
        >>> flat({"model": {"name": "GCN", "encoding": {"k": 2}}, "run": {"splits": [0, 1]}})
        {'model.name': 'GCN', 'model.encoding.k': 2, 'run.splits': '[0, 1]'}
    """
    found: dict[str, Any] = {}
    for key, value in tables.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{above}{key}.")
        else:
            plain = value is None or isinstance(value, (str, bool, int, float))
            found[f"{above}{key}"] = value if plain else json.dumps(value)
    return found
