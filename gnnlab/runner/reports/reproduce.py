"""Reproduction of a paper's number: a recipe is trained, and its score compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gnnlab.runner.reports.tables import written
from gnnlab.runner.runs.results import Summary, summarise
from gnnlab.runner.runs.run import run, wanted_results
from gnnlab.runner.settings.config import Config, configure
from gnnlab.runner.settings.recipes import Recipe


def reproduce(
    recipe: Recipe, overrides: Sequence[str] = (), *, out: str | Path = "runs", jobs: int = 1
) -> str:
    """Train a recipe (or resume it) and lay the paper's score beside ours.

    Args:
        overrides: as :func:`gnnlab.runner.configure` takes them; every one is printed, because it
            makes the run another one than the recipe's.
    """
    return comparison(*reproduced(recipe, overrides, out=out, jobs=jobs))


def reproduced(
    recipe: Recipe,
    overrides: Sequence[str] = (),
    *,
    out: str | Path = "runs",
    jobs: int = 1,
    progress: bool = True,
) -> tuple[Recipe, Summary, Config]:
    """Train a recipe (or resume it) and return it with what came of it and its settings."""
    config = configure(recipe.settings, overrides)
    folder = run(config, out, jobs=jobs, progress=progress, name=recipe.name)
    return recipe, summarise(wanted_results(folder, config)), config


def comparison(recipe: Recipe, ours: Summary, config: Config) -> str:
    """Write paper, ours and their difference (ours less the paper's) in its standard deviations."""
    from gnnlab.tasks.metrics.by_name import sign

    paper = recipe.paper
    lines = [recipe.name, f"  {paper.title} ({paper.venue}), {paper.link}"]
    if recipe.mean is not None:
        metric = recipe.settings["task"]["metric"]
        spread = "" if paper.ddof == 1 or recipe.std is None else f" (ddof {paper.ddof})"
        lines.append(f"  paper     {published(recipe, metric)} {metric}{spread}")
        lines.append(f"  source    {paper.source}")
    score = written(ours.metric, ours.mean, ours.std, ours.runs)
    lines.append(f"  ours      {score} {ours.metric}, {ours.runs} runs")
    apart = distance(recipe, ours, config)
    if apart is not None:
        lower = " (lower is better)" if sign(ours.metric) < 0 else ""
        lines.append(f"  apart     {apart:+.2f} of the paper's standard deviations{lower}")
    elif recipe.mean is not None and recipe.std is None:
        lines.append("  apart     not known: the paper's standard deviation is not at hand")
    elif recipe.mean is not None:
        lines.append("  apart     not comparable: another task, data, model or a smaller budget")
    lines.append(f"  protocol  {paper.protocol}")
    lines += [f"  differs   {deviation}" for deviation in deviations(recipe, config)]
    lines += [f"  flaw      {flaw}" for flaw in paper.flaws]
    return "\n".join(lines)


def distance(recipe: Recipe, ours: Summary, config: Config) -> float | None:
    """Return how far our mean lies above the paper's, in the paper's std; None if incomparable."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    if recipe.mean is None or not recipe.std or not comparable(configure(recipe.settings), config):
        return None
    mean = 100 * ours.mean if is_fraction(ours.metric) else ours.mean
    return (mean - recipe.mean) / recipe.std


def published(recipe: Recipe, metric: str) -> str:
    """Write the paper's score in the units it has in the recipe."""
    from gnnlab.tasks.metrics.by_name import is_fraction

    digits = 2 if is_fraction(metric) else 4
    mean = f"{recipe.mean:.{digits}f}"
    return mean if recipe.std is None else f"{mean} ± {recipe.std:.{digits}f}"


def comparable(usual: Config, config: Config) -> bool:
    """Whether a run is of the recipe's task, data and model, at no smaller width, depth or length.

    Other settings may differ; they are printed beside the number.
    """
    same = ("task", "data", "rewiring", "stress")
    if any(getattr(usual, section) != getattr(config, section) for section in same):
        return False
    if usual.model["name"] != config.model["name"]:
        return False
    budgets = (
        (usual.model.get(key, 0), config.model.get(key, 0))
        for key in ("hidden_channels", "budget", "num_layers")
    )
    epochs = usual.training["epochs"], config.training["epochs"]
    return all(was <= now for was, now in (*budgets, epochs))


def deviations(recipe: Recipe, config: Config) -> list[str]:
    """Say in what a run differs from the recipe, and the recipe from the paper."""
    usual = configure(recipe.settings)
    found = [recipe.note] if recipe.note else []
    tables = [msgspec.to_builtins(c) for c in (usual, config)]
    for section in ("task", "data", "model", "training", "rewiring", "stress"):
        was, now = (table.get(section, {}) for table in tables)
        if was != now:
            found.append(f"{section}: {_changes(was, now)}")
    missing = len(usual.run.splits) * len(usual.run.seeds)
    runs = len(config.run.splits) * len(config.run.seeds)
    if (config.run.splits, config.run.seeds) != (usual.run.splits, usual.run.seeds):
        found.append(f"{runs} runs (splits {list(config.run.splits)}) of the recipe's {missing}")
    return found


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    keys = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    return ", ".join(
        f"{key} {now.get(key, 'left out')!r}"
        + (f" in place of {was[key]!r}" if key in was else " (the recipe says nothing)")
        for key in keys
    )
