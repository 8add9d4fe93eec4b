"""Settings checked against the types of a signature, where something is built from them.

The types are those of the signature. So a flag that is no bool, a number that is a string, a name
that is none of a ``Literal`` and a whole number beyond 64 bits are refused in one sentence,
whoever forgot to ask; what only the class knows (a range, two settings that exclude each other) it
still checks by itself.
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from gnnlab.core.arguments import plain, shown

Built = TypeVar("Built", bound=Callable[..., Any])

WORD = 1 << 63
"""Whole numbers lie below it, and not below its negative."""
WORDS: dict[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a finite number",
    str: "a string",
    NoneType: "None",
}
MANY = (Sequence, Iterable, list, tuple)


def checked(made: Built) -> Built:
    """Check the settings of a function, or of a class when it is built, by the signature's types.

    A class is given back itself, its ``__init__`` in a shell; what it inherits stays as it is.

    Example:
        >>> @checked
        ... def path(nodes: int, loops: bool = False) -> None: ...
        >>> path(3, loops="no")
        Traceback (most recent call last):
        ValueError: loops is 'no', but it must be True or False
    """
    if not isinstance(made, type):
        return _shell(made, made.__module__)  # type: ignore[return-value]  # the same signature
    if "__init__" in vars(made):
        shell = _shell(vars(made)["__init__"], made.__module__, is_dataclass(made))
        made.__init__ = shell  # type: ignore[misc]
    return made


def _shell(
    function: Callable[..., Any], module: str, own_first: bool = False
) -> Callable[..., Any]:
    """The function behind a check; ``own_first`` where its own refusals cost nothing."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return function(*args, **kwargs)  # torch.compile cannot follow a signature
        signature, hints = _types(function, module)
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError:
            return function(*args, **kwargs)  # Python says best which setting there is not
        typed = {name: value for name, value in given.items() if name in hints}
        if own_first:
            _own(function, typed, hints, *args, **kwargs)
        for name, value in typed.items():
            check_type(name, value, hints[name])
        if own_first:
            return None
        named = {name: plain(value) for name, value in kwargs.items()}
        return function(*map(plain, args), **named)

    return call


def _own(
    function: Callable[..., Any], typed: dict[str, Any], hints: dict[str, Any], /, *args: Any,
    **kwargs: Any,
) -> None:  # fmt: skip
    """Call it for what it refuses by itself; an error that is no refusal is told by the types."""
    try:
        function(*args, **kwargs)
    except ValueError:
        raise
    except Exception:
        for name, value in typed.items():
            check_type(name, value, hints[name])
        raise


@functools.cache
def _types(function: Callable[..., Any], module: str) -> tuple[inspect.Signature, dict[str, Any]]:
    """The signature and its types, found at the first call: all that they name is there by then."""
    signature = inspect.signature(function)
    return signature, _hints(signature, module)


def _hints(signature: inspect.Signature, module: str) -> dict[str, Any]:
    """The types of settings, also of those that are imported for type checkers alone."""
    names = dict(vars(sys.modules[module]))
    found: dict[str, Any] = {"": Any}
    for name, parameter in signature.parameters.items():
        hint = parameter.annotation
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if not several and hint is not parameter.empty:
            found[name] = _evaluated(hint, names, module) if isinstance(hint, str) else hint
    return found


def _evaluated(hint: str, names: dict[str, Any], module: str) -> Any:
    """The type that our own source states; ``names`` grows by what is imported for it."""
    while True:
        try:
            return eval(hint, names)
        except NameError as error:
            name = str(error.name)
            names[name] = _for_checkers(module).get(name, lambda: Any)()


@functools.cache
def _for_checkers(module: str) -> dict[str, Callable[[], Any]]:
    """What a module imports for type checkers alone, by name; imported when it is called.

    Importing all of it would make ``import gnnlab`` wait for PyG. Where no source lies beside the
    code, nothing is known.
    """
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except OSError:
        return {}
    package = sys.modules[module].__package__
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    lines = [line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom)]
    return {
        name.asname or name.name: functools.partial(
            _import, "." * line.level + (line.module or ""), package, name.name
        )
        for line in lines
        for name in line.names
    }


def _import(module: str, package: str | None, name: str) -> Any:
    return getattr(import_module(module, package), name)


def check_settings(settings: object) -> None:
    """Refuse a dataclass whose values are not of the types that its fields state.

    A number is finite; other ranges are left to the class.

    Raises:
        ValueError: with the first such field's name and value.
    """
    cls: Any = type(settings)  # a class hashes, which mypy does not see
    for name, hint in _fields(cls).items():
        value = getattr(settings, name)
        check_type(name, value, hint)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} is {value}, but it must be a finite number")


@functools.cache
def _fields(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def check_type(name: str, value: Any, hint: Any) -> None:
    """Refuse a setting that is not of its type.

    Raises:
        ValueError: with the setting's name and value, and what it must be.
    """
    if not fits(value, hint):
        names = [name for kind in _kinds(hint) for name in _choices(kind)]
        if get_origin(hint) is Literal or (names and isinstance(value, str)):
            choices = ", ".join(map(str, names))
            raise ValueError(f"{name} is {shown(value)}, which is none of {choices}: take one")
        told = " or ".join(dict.fromkeys(_told(kind) for kind in _kinds(hint)))
        raise ValueError(f"{name} is {shown(value)}, but it must be {told}")
    if isinstance(value, Tensor) and (value.layout is not torch.strided or value.is_meta):
        kind = "on the meta device" if value.is_meta else value.layout
        if hint is Tensor or hint == (Tensor | None):
            raise ValueError(f"{name} is {kind}, but it must be a dense tensor that holds numbers")
    if isinstance(value, Integral) and not -WORD <= int(value) < WORD:
        raise ValueError(f"{name} is {shown(value)}, which does not fit into 64 bits")


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; of one that cannot be looked into, always."""
    return any(_is(value, kind) for kind in _kinds(hint))


def _kinds(hint: Any) -> list[Any]:
    """The members of a union."""
    if get_origin(hint) in (Union, UnionType):
        return [kind for member in get_args(hint) for kind in _kinds(member)]
    return [NoneType if hint is None else hint]


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _is(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is bool:
        return isinstance(value, bool)
    if kind is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in inner)
    if origin in MANY:
        return _is_many(value, origin, inner)
    if origin in (Mapping, dict):
        return isinstance(value, Mapping)
    if origin is Callable:
        return callable(value)
    if isinstance(origin, type) and not getattr(origin, "_is_protocol", False):
        return isinstance(value, origin)
    return True


def _is_many(value: Any, origin: Any, inner: tuple[Any, ...]) -> bool:
    """Whether a value is a list or tuple (or, of ``Iterable``, anything to go through) of these."""
    if isinstance(value, (str, bytes)) or not isinstance(
        value, Iterable if origin is Iterable else Sequence
    ):
        return False
    if not isinstance(value, Sequence) or not inner:
        return True
    if origin is tuple and Ellipsis not in inner:
        return all(map(fits, value, inner))  # how many there must be, the class tells better
    return all(fits(one, inner[0]) for one in value)


def _told(kind: Any) -> str:
    """What a type is called."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}" if len(inner) > 1 else repr(inner[0])
    if origin in MANY and inner:
        kinds = inner if origin is tuple and Ellipsis not in inner else inner[:1]
        each = ", ".join(" or ".join(map(_told, _kinds(one))) for one in kinds)
        return f"a {'tuple' if origin is tuple else 'list'} (each entry {each})"
    if origin is Callable:
        return "a function"
    name = str(getattr(origin, "__name__", origin))
    return WORDS.get(kind) or f"{'an' if name[:1] in 'AEIOU' else 'a'} {name}"
