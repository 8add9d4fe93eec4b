"""Random calls in child processes, where a crash is an outcome like any other.

A case is a number; ``function(case)`` makes its input from that number alone and calls what is
tested. The child writes a line before and after each case, so that the parent knows which one ended
it, and goes on with the next in a new child.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(
    f"{ROOT / room}{os.sep}" for room in ("gnnlab", "layers", "rewiring", "datasets", "tasks")
)
REFUSALS = (ValueError, TypeError, OSError, RuntimeError, KeyError, IndexError, ImportError)


@dataclass(frozen=True)
class Outcome:
    """What became of one case.

    Args:
        case: its number.
        kind: ``answered``; ``refused`` (one sentence raised by our own code); ``ugly`` (any other
            error); ``huge`` (memory ran out); ``slow`` (stopped after ``seconds``); ``killed``
            (the interpreter died).
        text: the error, or what the function returned as a string.
    """

    case: int
    kind: str
    text: str = ""


def run(
    target: str, cases: Iterable[int], seconds: float = 10, memory: int = 4 << 30
) -> list[Outcome]:
    """Call ``module:function`` for every case in child processes.

    Args:
        target: names a function of one case; it is imported in the child.
        seconds: how long a single case may take.
        memory: bytes that a child may ask the system for beyond what the imports took.
    """
    left, outcomes = list(cases), []
    while left:
        found = _child(target, left, seconds, memory)
        outcomes += found
        left = left[len(found) :]
    return outcomes


def counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Count outcomes by kind."""
    return dict(Counter(outcome.kind for outcome in outcomes))


def bad(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return what is neither an answer nor one sentence of ours."""
    return [outcome for outcome in outcomes if outcome.kind not in ("answered", "refused")]


def _child(target: str, cases: list[int], seconds: float, memory: int) -> list[Outcome]:
    """Go through cases until the end, or until the case that ends the child."""
    path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    child = subprocess.Popen(
        [sys.executable, __file__, target, str(memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
        cwd=ROOT,
    )
    assert child.stdin is not None and child.stdout is not None
    selector = selectors.DefaultSelector()
    selector.register(child.stdout, selectors.EVENT_READ)
    outcomes: list[Outcome] = []
    try:
        _ready(child, target)
        for case in cases:
            try:
                child.stdin.write(f"{case}\n")
                child.stdin.flush()
            except BrokenPipeError:
                return [*outcomes, Outcome(case, "killed", f"exit {child.wait()}")]
            if not selector.select(seconds):
                return [*outcomes, Outcome(case, "slow", f"stopped after {seconds} s")]
            line = child.stdout.readline()
            if not line:
                return [*outcomes, Outcome(case, "killed", f"exit {child.wait()}")]
            outcomes.append(Outcome(case, *json.loads(line)))
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    return outcomes


def _ready(child: subprocess.Popen[str], target: str) -> None:
    assert child.stdout is not None
    if child.stdout.readline().strip() != "ready":
        raise RuntimeError(f"the child could not import {target}")


def outcome_of(error: BaseException) -> tuple[str, str]:
    """Tell one sentence of ours from every other error."""
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return "huge", repr(error)[:300]
    frames = traceback.extract_tb(error.__traceback__)
    text = str(error.args[0]) if error.args else ""
    ours = frames and frames[-1].filename.startswith(OURS)
    sentence = len(text) > 15 and " " in text and "\n" not in text.strip()
    if ours and sentence and isinstance(error, REFUSALS):
        return "refused", text
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return "ugly", f"{type(error).__name__}: {text[:300]} ({place})"


def _serve(target: str, memory: int) -> None:
    """Answer case numbers from stdin until it ends."""
    module, name = target.split(":")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    function = getattr(import_module(module), name)
    if memory:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        try:
            result = function(int(line))
            outcome = ("answered", "" if result is None else str(result)[:300])
        except Exception as error:
            outcome = outcome_of(error)
        print(json.dumps(outcome), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
