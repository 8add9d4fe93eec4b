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
from typing import NoReturn

from gnnlab._version import __version__
from gnnlab.cli import (
    bench,
    board,
    cite,
    completion,
    data,
    listing,
    predict,
    report,
    reproduce,
    rewire,
    run,
    show,
    study,
    sweep,
)
from gnnlab.core.allocator import keep_freed_pages
from gnnlab.core.errors import sentence
from gnnlab.core.writing import NotWritten, naming

COMMANDS = (
    *(run, predict, sweep, reproduce, report, show, listing, data, rewire, study, bench, cite),
    *(board, completion),
)
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
    for module in COMMANDS:
        added = commands.add_parser(
            module.NAME,
            help=module.HELP,
            description=module.HELP,
            epilog="\n".join(["examples:", *(f"  {example}" for example in module.EXAMPLES)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_options(added)
        added.set_defaults(command=module.command, parser=_parser)
    return parser


if __name__ == "__main__":
    entry()
