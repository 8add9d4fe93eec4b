"""The page of results, made from the files of the runs it shows."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .config import configure
from .recipes import Recipe, recipe
from .report import layout, percent
from .reproduce import deviations, distance
from .results import Summary, read_results, summarise

HEAD = """# Results

Made by `gnnlab report --page docs/results.md docs/results/*` from the `results.jsonl` and
`run.toml` of every run under [results/](results). Test scores in percent at the step best on
validation, mean ± std with ddof 1 over the runs. "Apart" is the difference to the paper in the
paper's standard deviations.
"""
COLUMNS = ("recipe", "metric", "paper", "ours", "apart", "splits", "seeds", "s a run", "parameters")
CONTEXT = ("versions", "machine", "source", "recipe")


def page(folders: Iterable[str | Path]) -> str:
    """Return the page for these run folders, as Markdown.

    Raises:
        ValueError: no folder holds a result.
    """
    runs = [_Shown(Path(folder)) for folder in sorted(map(str, folders)) if read_results(folder)]
    if not runs:
        raise ValueError("none of the folders holds a result: run something first")
    runs.sort(key=lambda run: (run.summary.data, run.name))
    rows = [run.row() for run in runs]
    lines = [HEAD, layout(COLUMNS, rows), "", "## How each run differs from its paper", ""]
    lines += [f"- `{run.name}`: {'; '.join(run.deviations) or 'in nothing'}." for run in runs]
    lines += ["", "## Machines and versions", ""]
    lines += [f"- {text}" for text in sorted({run.machine() for run in runs})]
    lines += ["", "## Known flaws of the protocols", ""]
    lines += sorted(
        {f"- {run.recipe.paper.name}: {f}" for run in runs for f in run.recipe.paper.flaws}
    )
    return "\n".join(lines) + "\n"


class _Shown:
    """A run folder read back: its recipe, its settings, what it came to."""

    def __init__(self, folder: Path) -> None:
        about: dict[str, Any] = tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
        self.about, self.name = about, str(about["recipe"]["name"])
        self.recipe: Recipe = recipe(self.name)
        rows = read_results(folder)
        self.summary: Summary = summarise(rows)
        settings = {key: value for key, value in about.items() if key not in CONTEXT}
        settings["run"] = {"splits": self.summary.splits, "seeds": self.summary.seeds}
        self.deviations = deviations(self.recipe, configure(settings))

    def row(self) -> tuple[str, ...]:
        s, apart = self.summary, distance(self.recipe, self.summary)
        published = f"{self.recipe.mean:.2f} ± {self.recipe.std:.2f}" if self.recipe.mean else ""
        ours = percent(s.mean, s.std, s.runs)
        spans = (", ".join(map(str, values)) for values in (s.splits, s.seeds))
        far = "" if apart is None else f"{apart:+.2f}"
        return (
            self.name,
            s.metric,
            published,
            ours,
            far,
            *spans,
            f"{s.seconds:.0f}",
            f"{s.parameters:,}",
        )

    def machine(self) -> str:
        machine = self.about["machine"]
        place = machine.get("device") or f"{machine['cores']} cores of {machine['processor']}"
        versions = ", ".join(f"{name} {number}" for name, number in self.about["versions"].items())
        return f"{place}; {versions}"


def main(docs: str = "docs") -> None:
    """Write ``docs/results.md`` anew."""
    folder = Path(docs)
    (folder / "results.md").write_text(page(sorted((folder / "results").iterdir())), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
