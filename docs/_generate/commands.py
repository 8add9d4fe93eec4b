"""Commands: the help of ``gnnlab`` and of each of its commands, as a terminal shows it."""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from unittest.mock import patch

from gnnlab.cli import main


@dataclass(frozen=True)
class Command:
    """A command: its name, what it is for, and its help."""

    name: str
    summary: str
    help: str


def commands() -> list[Command]:
    """Every command of the command line, in its own order."""
    overview = help_of()
    found = []
    for name in re.findall(r"^ {4}(\w+)", overview, re.MULTILINE):
        text = help_of(name)
        summary = text.split("\n\n")[1].strip()
        found.append(Command(name, " ".join(summary.split()), text))
    return found


def help_of(*command: str) -> str:
    """What ``--help`` prints after a command, in 88 columns."""
    printed = io.StringIO()
    with patch.dict(os.environ, {"COLUMNS": "88"}), redirect_stdout(printed), suppress(SystemExit):
        main([*command, "--help"])
    return printed.getvalue().strip()
