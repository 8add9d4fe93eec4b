"""The ``completion`` command: a script by which a shell completes commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Callable

NAME = "completion"
HELP = "a script that lets a shell complete commands"
EXAMPLES = (
    "gnnlab completion bash > ~/.local/share/bash-completion/completions/gnnlab",
    "gnnlab completion zsh > ~/.zsh/completions/_gnnlab",
    "gnnlab completion tcsh > ~/.gnnlab.tcsh",
)
SHELLS = ("bash", "zsh", "tcsh")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("shell", choices=SHELLS)


def command(arguments: argparse.Namespace) -> None:
    """Print the script.

    Raises:
        ValueError: shtab is not installed.
    """
    try:
        import shtab
    except ImportError as error:
        raise ValueError(
            "completion is written by shtab, which is not installed: pip install gnnlab[completion]"
        ) from error
    make: Callable[[], argparse.ArgumentParser] = arguments.parser
    print(shtab.complete(make(), arguments.shell))
