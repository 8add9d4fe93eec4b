"""The ``list`` command: models, datasets, rewirings, tasks, methods or recipes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gnnlab.core.registry import Family

NAME = "list"
HELP = "models, datasets, rewirings, tasks, methods or recipes"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    what = ("models", "datasets", "rewirings", "tasks", "methods", "recipes")
    parser.add_argument("what", nargs="?", choices=what)


def command(arguments: argparse.Namespace) -> None:
    """Print names, methods by the package that holds them."""
    for what in [arguments.what] if arguments.what else list(_listings()):
        if not arguments.what:
            print(f"{what}:")
        print("\n".join(_listings()[what]()))


def _listings() -> dict[str, Callable[[], list[str]]]:
    """Lines of each listing; methods stand by the sub-package that holds them."""
    from gnnlab import datasets, layers, rewiring
    from gnnlab.runner import recipe_names
    from gnnlab.structure.transforms.listing import encodings
    from gnnlab.tasks.clustering.method import clusterings
    from gnnlab.tasks.embedding.method import embeddings
    from gnnlab.tasks.link.heads.by_name import heads
    from gnnlab.tasks.selfsupervised.objective import objectives
    from gnnlab.tasks.shared.listed import listed_tasks

    families: list[Family[Any]] = [clusterings, embeddings, encodings, heads, objectives]
    return {
        "models": lambda: _by_group(layers.encoders.groups()),
        "datasets": lambda: [f"  {name}" for name in datasets.names()],
        "rewirings": lambda: ["  none", *_by_group(rewiring.rewirings.groups())],
        "tasks": lambda: _by_group(listed_tasks.groups()),
        "methods": lambda: _by_group({family.kind: family.names() for family in families}),
        "recipes": lambda: [f"  {name}" for name in recipe_names()],
    }


def _by_group(groups: Mapping[str, Sequence[str]]) -> list[str]:
    lines = ([f"  {group}", *(f"    {name}" for name in names)] for group, names in groups.items())
    return [line for part in lines for line in part]
