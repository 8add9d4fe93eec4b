"""Checks of arguments that several operations share."""

from __future__ import annotations

from difflib import get_close_matches

from gnnlab.core.arguments import shown

REDUCTIONS = ("sum", "mean", "max", "min")


def check_reduce(reduce: str) -> None:
    """Refuse an unknown reduction."""
    if not isinstance(reduce, str) or reduce not in REDUCTIONS:
        near = get_close_matches(str(reduce), REDUCTIONS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown reduce {shown(reduce)}, one of {', '.join(REDUCTIONS)}{hint}")


def check_list(name: str, value: object, what: str) -> None:
    """Refuse what is not a list or a tuple."""
    if not isinstance(value, list | tuple):
        raise ValueError(
            f"{name} is of type {type(value).__name__}, but it is a list, {what}: give [...]"
        )
