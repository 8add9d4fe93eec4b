"""The ``completion`` command: a script by which a shell completes commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

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
    parser, words = make(), _words()
    for action in _actions(parser):
        if action.dest in words:
            function, listed = f"_gnnlab_{action.dest}", " ".join(words[action.dest])
            ways = {"bash": function, "zsh": f"({listed})", "tcsh": "f"}
            action.complete = ways  # type: ignore[attr-defined]  # where shtab looks for it
    functions = [
        f'_gnnlab_{dest}() {{ compgen -W "{" ".join(names)}" -- "$1"; compgen -f -- "$1"; }}'
        for dest, names in words.items()
    ]
    preamble = {"bash": "\n".join(functions)}  # shtab takes one text for all shells, or these
    print(shtab.complete(parser, arguments.shell, preamble=preamble))  # type: ignore[arg-type]


def _words() -> dict[str, list[str]]:
    """The names that an option or an argument takes, by where it is kept."""
    from gnnlab.cli.listed_rows import rows_of

    kinds = {"models": "model", "datasets": "data", "rewirings": "rewiring", "tasks": "task"}
    kinds |= {"recipes": "recipe"}
    return {dest: [str(row["name"]) for row in rows_of(what)] for what, dest in kinds.items()}


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of every command."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for own in action.choices.values():
                yield from _actions(own)
        else:
            yield action
