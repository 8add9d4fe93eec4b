"""The paper's number beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .config import Config, configure
from .recipes import Recipe
from .report import percent
from .results import Summary, read_results, summarise
from .run import run


def reproduce(
    recipe: Recipe, overrides: Sequence[str] = (), *, out: str | Path = "runs", jobs: int = 1
) -> str:
    """Train a recipe (or resume it) and lay the paper's score beside ours.

    Args:
        overrides: as :func:`gnnlab.runner.configure` takes them; every one is printed, because it
            makes the run another one than the recipe's.
    """
    config = configure(recipe.settings, overrides)
    folder = run(config, out, jobs=jobs, progress=True, name=recipe.name)
    wanted = {(split, seed) for split in config.run.splits for seed in config.run.seeds}
    rows = [row for row in read_results(folder) if (row["split"], row["seed"]) in wanted]
    return comparison(recipe, summarise(rows), deviations(recipe, config))


def comparison(recipe: Recipe, ours: Summary, deviations: Sequence[str]) -> str:
    """Write paper, ours and their difference in the paper's standard deviations."""
    lines = [recipe.name, f"  {recipe.paper.title} ({recipe.paper.venue}), {recipe.paper.link}"]
    if recipe.mean is not None:
        lines.append(f"  paper     {recipe.mean:.2f} ± {recipe.std:.2f} {ours.metric}")
    lines.append(f"  ours      {percent(ours.mean, ours.std, ours.runs)}, {ours.runs} runs")
    apart = distance(recipe, ours)
    if apart is not None:
        lines.append(f"  apart     {apart:+.2f} of the paper's standard deviations")
    lines.append(f"  protocol  {recipe.paper.protocol}")
    lines += [f"  differs   {deviation}" for deviation in deviations]
    lines += [f"  flaw      {flaw}" for flaw in recipe.paper.flaws]
    return "\n".join(lines)


def distance(recipe: Recipe, ours: Summary) -> float | None:
    """Return how far our mean lies from the paper's, in the paper's std; None without a number."""
    if recipe.mean is None or not recipe.std:
        return None
    return (100 * ours.mean - recipe.mean) / recipe.std


def deviations(recipe: Recipe, config: Config) -> list[str]:
    """Say in what a run differs from the recipe, and the recipe from the paper."""
    usual = configure(recipe.settings)
    found = [recipe.note] if recipe.note else []
    for section in ("task", "data", "model", "training", "rewiring"):
        was, now = getattr(usual, section), getattr(config, section)
        if was != now:
            found.append(f"{section}: {_changes(was, now)}")
    missing = len(usual.run.splits) * len(usual.run.seeds)
    runs = len(config.run.splits) * len(config.run.seeds)
    if (config.run.splits, config.run.seeds) != (usual.run.splits, usual.run.seeds):
        found.append(f"{runs} runs (splits {list(config.run.splits)}) of the recipe's {missing}")
    return found


def _changes(was: object, now: object) -> str:
    if not isinstance(was, dict) or not isinstance(now, dict):
        return f"{now} in place of {was}"
    keys = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    return ", ".join(
        f"{key} {now.get(key, 'left out')!r}"
        + (f" in place of {was[key]!r}" if key in was else " (the recipe says nothing)")
        for key in keys
    )
