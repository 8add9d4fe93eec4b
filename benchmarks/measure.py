"""Time all sides of a case in turns, on the same tensors."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from inputs import Side
from machine import Floor
from memory import peak_megabytes
from peers import OURS
from torch import Tensor

BLINK = 0.01
"""Seconds: a turn repeats a shorter step up to this, since waking threads takes as long."""
TOLERANCE = 1e-3
Step = tuple[float, float]  # seconds of the forward pass, of forward and backward


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    rounds: int = 9
    least: int = 3
    budget: float = 1.5
    """Seconds for one side of one case; a slow one takes part in fewer rounds."""


def measure(case: str, sides: dict[str, Side], floor: Floor | None, plan: Plan) -> dict[str, Any]:
    """One case: every side's times, ratios to ours and peak memory; ours also against the floor."""
    check(case, sides)  # compiles too, and fills what a side keeps
    guess, peaks = {}, {}
    for name, side in sides.items():
        peaks[name], (_, guess[name]) = peak_megabytes(partial(step, side))
    times, floors = take_turns(sides, guess, floor, plan)
    found = {name: summary(times[name], times[OURS]) for name in sides}
    for name, peak in peaks.items():
        found[name]["peak_mb"] = peak
    if floors:
        found[OURS] |= shares(times[OURS], floors)
    return found


def step(side: Side) -> Step:
    """One forward and backward pass."""
    start = time.perf_counter()
    out = side.forward()
    middle = time.perf_counter()
    grad = torch.ones_like(out)
    again = time.perf_counter()
    torch.autograd.grad(out, side.leaves, grad)
    forward = middle - start
    return forward, time.perf_counter() - again + forward


def take_turns(
    sides: dict[str, Side], guess: dict[str, float], floor: Floor | None, plan: Plan
) -> tuple[dict[str, dict[int, Step]], dict[int, Step]]:
    """By round: each side's step, and the floor's; the order moves on by one in every round."""
    counts = {name: turns(guess[name], plan) for name in sides}
    counts[OURS] = plan.rounds
    times: dict[str, dict[int, Step]] = {name: {} for name in sides}
    floors: dict[int, Step] = {}
    names = list(sides)
    for number in range(plan.rounds):
        if floor is not None:
            floors[number] = floor.seconds()
        for place in range(len(names)):
            name = names[(place + number) % len(names)]
            if (number + 1) * counts[name] // plan.rounds > number * counts[name] // plan.rounds:
                times[name][number] = turn(sides[name], guess[name])
    return times, floors


def turns(seconds: float, plan: Plan) -> int:
    """In how many rounds a side takes part."""
    return max(min(plan.least, plan.rounds), min(plan.rounds, int(plan.budget / seconds)))


def turn(side: Side, guess: float) -> Step:
    """A step, or the median of some short ones."""
    steps = [step(side) for _ in range(max(1, min(9, int(BLINK / guess))))]
    forward, total = zip(*steps, strict=True)
    return statistics.median(forward), statistics.median(total)


def summary(theirs: dict[int, Step], ours: dict[int, Step]) -> dict[str, Any]:
    """Medians, and the ratios to ours of the rounds that both took part in."""
    found: dict[str, Any] = {"rounds": len(theirs)}
    for place, name in enumerate(("forward", "both")):
        ratios = [theirs[number][place] / ours[number][place] for number in theirs]
        found[f"{name}_ms"] = 1e3 * statistics.median(times[place] for times in theirs.values())
        found[f"{name}_ratio"] = [statistics.median(ratios), min(ratios), max(ratios)]
    return found


def shares(ours: dict[int, Step], floors: dict[int, Step]) -> dict[str, Any]:
    """The floor's time over ours: 1 is as fast as the machine gathers."""
    forward = [floors[number][1] / ours[number][0] for number in ours]
    both = [2 * floors[number][1] / ours[number][1] for number in ours]  # backward gathers as much
    return {
        "gather_ms": 1e3 * statistics.median(gather for gather, _ in floors.values()),
        "floor_ms": 1e3 * statistics.median(whole for _, whole in floors.values()),
        "forward_share": [statistics.median(forward), min(forward), max(forward)],
        "both_share": [statistics.median(both), min(both), max(both)],
    }


def check(case: str, sides: dict[str, Side]) -> None:
    """Refuse to time what computes something else: results and the first leaf's gradient."""
    if case.startswith("dropout"):
        return
    wanted = results(sides[OURS])
    for name, side in sides.items():
        for ours, theirs in zip(wanted, results(side), strict=True):
            error = float((theirs - ours).abs().max() / ours.abs().max().clamp(min=1e-12))
            if not error < TOLERANCE:
                raise RuntimeError(f"{case}: {name} differs from {OURS} by {error:.1e}")


def results(side: Side) -> tuple[Tensor, Tensor]:
    out = side.forward()
    there = out.detach().isfinite()  # DGL's max of no edges is -inf
    weight = torch.rand(out.shape, generator=torch.Generator().manual_seed(0))
    (grad,) = torch.autograd.grad(out, side.leaves[:1], weight.where(there, 0))
    return out.detach().where(there, 0), grad
