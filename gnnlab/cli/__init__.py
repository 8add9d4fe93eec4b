"""Train, reproduce and report from the command line."""

from __future__ import annotations

import argparse
import atexit
import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from gnnlab._version import __version__
from gnnlab.cli import commands as actions
from gnnlab.core.allocator import keep_freed_pages
from gnnlab.core.errors import sentence
from gnnlab.core.writing import NotWritten, naming

PIPE_CLOSED = 141
"""Exit status of a command whose output nobody reads any more, as shells give it: 128 + SIGPIPE."""


def entry() -> NoReturn:
    """Run the command of this process and leave quickly.

    Python would first collect all objects of torch and its like, a second or more for nothing.
    """
    _open_streams()
    keep_freed_pages()
    try:
        status = main()
    except SystemExit as stop:  # of argparse: it has told
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is over
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            status = status or (PIPE_CLOSED if _is_broken_pipe(error) else 2)
    os._exit(status)


def _open_streams() -> None:
    """Give closed standard streams a place, which a file of results would take otherwise."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 2 for what the user can mend, 130 on Ctrl-C,
    141 where nobody reads the output any more; 1 where some cells of a bench, settings of a sweep
    or recipes broke.

    ``GNNLAB_DEBUG=1`` shows the traceback of an error instead of its sentence alone.
    """
    arguments: argparse.Namespace | None = None
    try:
        arguments = _parser().parse_args(argv)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a terminal without "±" gets "?" and no error
                stream.reconfigure(errors="replace")
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning  # catch_warnings puts the old one back
            status = int(arguments.command(arguments) or 0)
        with naming("the output"):
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return _stopped(arguments, "stopped", 130)
    except Exception as error:
        if _is_broken_pipe(error):
            return _stopped(arguments, "stopped, since nobody reads the output", PIPE_CLOSED)
        if os.environ.get("GNNLAB_DEBUG"):
            raise
        with suppress(OSError):
            print(f"gnnlab: {_text(error)}", file=sys.stderr)
        return 2


def _text(error: Exception) -> str:
    """An error in a sentence; what fails without a file's name is the output."""
    if isinstance(error, OSError) and error.errno is not None and error.filename is None:
        return f"the output cannot be written ({error.strerror}): make room or send it elsewhere"
    return sentence(error)


def _stopped(arguments: argparse.Namespace | None, text: str, status: int) -> int:
    """Say that there is more to do, where a command keeps what it has done."""
    resumes = hasattr(arguments, "out")
    if resumes or status != PIPE_CLOSED:
        with suppress(OSError):
            print(f"{text}; the same command resumes" if resumes else text, file=sys.stderr)
    return status


def _is_broken_pipe(error: BaseException) -> bool:
    cause = error.__cause__ if isinstance(error, NotWritten) else error
    return isinstance(cause, BrokenPipeError)


def _show_warning(message: Warning | str, *place: object, **more: object) -> None:
    print(f"gnnlab: warning: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gnnlab", description=__doc__)
    parser.add_argument("--version", action="version", version=f"gnnlab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _command(commands, "run", "train a recipe, or a model on a dataset")
    _add_names(run)
    _add_run_options(run)
    sweep = _command(commands, "sweep", "many settings, chosen on validation; resumes")
    _add_names(sweep)
    _add_run_options(sweep)
    _add_sweep_options(sweep)
    again = _command(commands, "reproduce", "train recipes and set paper beside ours")
    again.add_argument("name", help="PAPER/NAME, or PAPER/ for all of it; see gnnlab list recipes")
    _add_run_options(again)
    report = _command(commands, "report", "a table of finished runs")
    report.add_argument("folders", nargs="+", type=Path)
    report.add_argument("--format", choices=("csv", "latex", "markdown"), default="markdown")
    report.add_argument("--page", type=Path, help="write a page of results instead")
    listing = _command(commands, "list", "models, datasets, rewirings, tasks, methods or recipes")
    what = ("models", "datasets", "rewirings", "tasks", "methods", "recipes")
    listing.add_argument("what", nargs="?", choices=what)
    data = _command(commands, "data", "a dataset's card")
    data.add_argument("name")
    data.add_argument("--source")
    data.add_argument("--split")
    rewire = _command(commands, "rewire", "a dataset before and after rewiring")
    rewire.add_argument("name")
    rewire.add_argument("--method", required=True, metavar="NAME", help="such as fosr")
    rewire.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    rewire.add_argument("--source")
    rewire.add_argument(
        "--undirected", action="store_true", help="add the reverse of every edge first"
    )
    rewire.add_argument("--plot", type=Path, metavar="FILE", help="draw the curvature")
    study = _command(commands, "study", "methods under one protocol, in pairs; resumes")
    study.add_argument("name", help="such as rewiring")
    study.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as cora-gcn")
    study.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    study.add_argument("--jobs", type=int, default=1, help="cells that are worked on at once")
    study.add_argument("--out", type=Path, default=Path("runs/study"))
    bench = _command(commands, "bench", "encoders x sets x settings; resumes")
    bench.add_argument("name", help="such as graph")
    for axis, example in (("models", "path-nn kind=all"), ("data", "mutag"), ("settings", "edges")):
        option: dict[str, Any] = {"nargs": "+", "default": [], "metavar": "NAME"}
        option["help"] = f"those of the bench, or others, such as {example!r}"
        bench.add_argument(f"--{axis}", dest=f"bench_{axis}", **option)
    bench.add_argument("--only", nargs="+", default=[], metavar="CELL", help="such as mutag-gin")
    bench.add_argument("--list", action="store_true", help="name the cells and stop")
    _add_run_options(bench)
    bench.set_defaults(out=Path("runs/bench"))
    cite = _command(commands, "cite", "BibTeX of what a recipe uses")
    cite.add_argument("recipe")
    first = _command(commands, "main", "four models on a generated Minesweeper board")
    first.add_argument("--out", type=Path, default=Path("runs"))
    return parser


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    """A command, and the function of its name that does it."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(command=getattr(actions, f"{name}_command"))
    return command


def _add_names(command: argparse.ArgumentParser) -> None:
    command.add_argument("recipe", nargs="?", help="such as platonov/minesweeper-gcn")
    for name in ("task", "data", "model", "rewiring"):
        command.add_argument(f"--{name}", metavar="NAME")
    command.add_argument("--budget", type=int, metavar="N", help="as wide as N parameters allow")


def _add_sweep_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--over", action="append", default=[], metavar="KEY=VALUES",
        help="such as training.lr=[0.01,0.001], or {low=1e-4,high=0.1,log=true} with --trials",
    )  # fmt: skip
    command.add_argument("--file", type=Path, help="settings in TOML, with a [sweep] table")
    command.add_argument("--trials", type=int, help="settings to draw; all combinations without")
    command.add_argument("--search-seed", type=int, metavar="N", help="of those draws; 0")
    command.add_argument("--tune-splits", type=_numbers, help="that choose; all if not given")
    command.set_defaults(out=Path("runs/sweep"))


def _add_run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    command.add_argument("--splits", type=_numbers, help="such as 0,1,2")
    command.add_argument("--seeds", type=_numbers, help="such as 0,1,2")
    command.add_argument("--device", help="cpu or cuda")
    command.add_argument("--jobs", type=int, default=1, help="processes that train at once")
    command.add_argument("--out", type=Path, default=Path("runs"))


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 0,1,2")
    return [int(part) for part in parts]


if __name__ == "__main__":
    entry()
