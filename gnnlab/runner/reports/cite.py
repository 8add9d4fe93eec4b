"""Citation of a run, for ``gnnlab cite``: BibTeX of its paper and data, source of its model."""

from __future__ import annotations

import inspect
import re

from gnnlab.runner.settings.recipes import Recipe


def cite(recipe: Recipe) -> str:
    """Return the BibTeX of the recipe's paper and dataset, and the model's source as a comment."""
    from gnnlab import datasets, layers

    data = recipe.settings["data"]
    entries = [recipe.paper.bibtex.strip()]
    for citation in datasets.cite(data["name"], data.get("source")):
        if f"{{{citation.key}," not in entries[0]:
            entries.append(str(citation))
    model = layers.find(recipe.settings["model"]["name"])
    entries.append("\n".join(f"% {model.__name__}: {line}" for line in source(model)))
    return "\n\n".join(entry for entry in entries if entry)


def source(cls: type) -> list[str]:
    """Return the lines of the Source section of a class's docstring."""
    section = re.search(r"^Source:\n((?:    .*\n?|\n)+)", inspect.getdoc(cls) or "", re.MULTILINE)
    return [line.strip() for line in section[1].splitlines() if line.strip()] if section else []
