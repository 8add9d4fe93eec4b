"""Showing of what a run is made of: recipes, datasets, models, each with a command that trains."""

from __future__ import annotations

import inspect
import re
from typing import Any

from gnnlab.core.errors import sentence
from gnnlab.runner.reports.cite import source
from gnnlab.runner.reports.reproduce import published
from gnnlab.runner.runs.run_toml import to_toml
from gnnlab.runner.settings.recipes import Recipe, recipe, recipe_names
from gnnlab.runner.settings.resolve import WIDTH, from_graph

MOST = 12
"""Recipes that are named."""


def show_recipe(made: Recipe) -> str:
    """A recipe: the paper with its score, protocol and flaws, the settings, the commands."""
    paper, task = made.paper, made.settings.get("task", {})
    lines = [f"recipe {made.name}", f"  {paper.title} ({paper.venue}), {paper.link}"]
    if made.mean is not None:
        metric = str(task.get("metric", ""))
        lines.append(f"  paper     {published(made, metric)} {metric}".rstrip())
    lines.append(f"  protocol  {paper.protocol}")
    lines += [f"  differs   {made.note}"] if made.note else []
    lines += [f"  flaw      {flaw}" for flaw in paper.flaws]
    lines += ["", to_toml(made.settings).rstrip(), ""]
    lines += ["run it, or set it beside the paper", f"  gnnlab run {made.name}"]
    return "\n".join([*lines, f"  gnnlab reproduce {made.name}"])


def show_dataset(name: str) -> str:
    """A dataset: its card, the recipes on it, and a command; without its files, why no card."""
    from gnnlab import datasets

    try:
        text = str(datasets.card(name))
    except (ValueError, OSError) as error:
        text = f"{name}: {sentence(error)}"
    own = datasets.resolve(name)["name"]
    lines = [f"dataset {own}", "", text, "", *_recipes("data", own)]
    made = next(iter(_using("data", own)), None)
    model = made.settings["model"]["name"] if made else "gcn"
    return "\n".join([*lines, "train on it", _command(own, model, made)])


def show_model(name: str) -> str:
    """A model: what it is, its settings with their defaults, its source, recipes and a command."""
    from gnnlab import layers

    cls = layers.find(name)
    what = _words((inspect.getdoc(cls) or "").partition("\nArgs:")[0]).strip()
    lines = [f"model {cls.__name__}", "", what, "", "settings (--set model.NAME=VALUE)"]
    hidden = {*from_graph(cls), "out_channels"}
    for key, parameter in inspect.signature(cls).parameters.items():
        if key not in hidden:
            lines.append(f"  {key:<20} {_default(parameter)}")
    told = source(cls)
    lines += ["", "source", *(f"  {_words(line)}" for line in told), ""] if told else [""]
    lines += _recipes("model", cls.__name__)
    used = _using("model", cls.__name__)
    made = next(iter(used), None) if cls.level == "graph" else None
    data = made.settings["data"]["name"] if made else "karate"
    return "\n".join([*lines, "train it", _command(data, name, made)])


def _command(data: str, model: str, made: Recipe | None) -> str:
    """A call that trains, on the task of a recipe."""
    task = made.settings.get("task", {}).get("name", "") if made else ""
    told = f" --task {task}" if task else ""  # else the data decide
    return f"  gnnlab run{told} --data {data} --model {model.lower()}"


def _words(text: str) -> str:
    """A docstring as a terminal shows it, without the marks of roles and code."""
    return re.sub(r"(?::\w+:)?`+~?([^`]*)`+", r"\1", text)


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is not inspect.Parameter.empty:
        return repr(parameter.default)
    return str(WIDTH) if parameter.name == "hidden_channels" else "to be given"


def _using(section: str, name: str) -> list[Recipe]:
    """The recipes with such data or such a model, however they spell it."""
    found = [recipe(one) for one in recipe_names()]
    return [made for made in found if _own_name(section, made.settings[section]) == name]


def _own_name(section: str, table: dict[str, Any]) -> str:
    from gnnlab import datasets, layers

    try:
        if section == "model":
            return layers.find(table["name"]).__name__
        return str(datasets.resolve(table["name"], source=table.get("source"))["name"])
    except (ValueError, KeyError):
        return ""


def _recipes(section: str, name: str) -> list[str]:
    names = [made.name for made in _using(section, name)]
    more = [f"  and {len(names) - MOST} more"] if len(names) > MOST else []
    return ["recipes", *(f"  {one}" for one in names[:MOST]), *more, ""] if names else []
