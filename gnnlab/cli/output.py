"""Output of a command: for people, for machines (``--json``), or only where the results lie."""

from __future__ import annotations

import argparse
import json
import math
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any


def add_output_options(command: argparse.ArgumentParser) -> None:
    """Add how results are printed."""
    either = command.add_mutually_exclusive_group()
    either.add_argument("--json", action="store_true", help="print a line of JSON for each result")
    either.add_argument(
        "--quiet", action="store_true", help="print where the results lie, and errors"
    )


def is_plain(arguments: argparse.Namespace) -> bool:
    """Whether people read the output, who want to see how far it is."""
    return not (arguments.json or arguments.quiet)


def show(
    arguments: argparse.Namespace, text: str, rows: Iterable[Mapping[str, Any]], place: Path
) -> None:
    """Print a command's results as its options ask for.

    Args:
        text: for people, with the place.
        rows: for machines.
        place: where results lie.
    """
    if arguments.json:
        print_rows(rows)
    else:
        print(place if arguments.quiet else text)


def print_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a line of JSON for each row."""
    for row in rows:
        print(json.dumps(_plain(row), ensure_ascii=False), flush=True)


def _plain(value: Any) -> Any:
    """A value that JSON has a word for: numbers that are none are null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


@contextmanager
def hushed(arguments: argparse.Namespace) -> Iterator[None]:
    """Keep what a command tells on its way off the output, unless people read it; under
    ``--quiet``, warnings too."""
    with warnings.catch_warnings():
        if arguments.quiet:
            warnings.simplefilter("ignore")
        with redirect_stdout(sys.stdout if is_plain(arguments) else StringIO()):
            yield
