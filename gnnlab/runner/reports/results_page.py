"""Results page, made from the folders of the runs it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gnnlab.runner.reports.reproduce import deviations, distance, published
from gnnlab.runner.reports.tables import layout, own_units, written
from gnnlab.runner.runs.results import Summary, read_results, summarise
from gnnlab.runner.runs.run_toml import config_of, places, read_about
from gnnlab.runner.settings.recipes import Recipe, recipe

HEAD = """# Results

Made by `{command}` from the `results.jsonl` and
`run.toml` of every run under {link}. Test scores in percent at the step best on
validation, mean ± std with ddof 1 over the runs. "Apart" is the difference to the paper in the
paper's standard deviations.
"""
COLUMNS = ("recipe", "metric", "paper", "ours", "apart", "splits", "seeds", "s a run", "parameters")


def page(folders: Iterable[str | Path], command: str, link: str) -> str:
    """Return the page for these run folders, as Markdown.

    Args:
        command: what was typed to make it.
        link: to where the runs lie.

    Raises:
        ValueError: no folder holds a result.
    """
    runs = [Shown(Path(folder)) for folder in sorted(map(str, folders)) if read_results(folder)]
    if not runs:
        raise ValueError("none of the folders holds a result: run something first")
    runs.sort(key=lambda run: (run.summary.data, run.name))
    rows = [run.row() for run in runs]
    note = own_units(run.summary.metric for run in runs)
    lines = [HEAD.format(command=command, link=link), *note, layout(COLUMNS, rows), ""]
    lines += ["## How each run differs from its paper", ""]
    lines += [f"- `{run.name}`: {'; '.join(run.deviations) or 'in nothing'}." for run in runs]
    lines += ["", "## Machines and versions", ""]
    lines += [
        f"- {text}" for text in sorted({text for run in runs for text in machines_of(run.folder)})
    ]
    papers = {run.recipe.paper for run in runs if run.recipe is not None}
    lines += ["", "## Known flaws of the protocols", ""]
    lines += sorted({f"- {paper.name}: {flaw}" for paper in papers for flaw in paper.flaws})
    return "\n".join(lines) + "\n"


class Shown:
    """A run folder read back: its recipe if it has one, its settings, what it came to.

    Raises:
        ValueError: no folder of a run, or one without a result.
    """

    def __init__(self, folder: Path) -> None:
        about = read_about(folder)
        self.folder = folder
        name = str(about.get("recipe", {}).get("name", ""))
        self.name = name or folder.name
        self.recipe: Recipe | None = recipe(name) if name else None
        self.rows = read_results(folder)
        self.summary: Summary = summarise(self.rows)
        self.config = config_of(about, self.summary.splits, self.summary.seeds)
        self.deviations = deviations(self.recipe, self.config) if self.recipe else ["no recipe"]

    @property
    def apart(self) -> float | None:
        """How far the mean lies above the paper's, in its std; None if they do not compare."""
        return distance(self.recipe, self.summary, self.config) if self.recipe else None

    def row(self) -> tuple[str, ...]:
        s, made, apart = self.summary, self.recipe, self.apart
        paper = published(made, s.metric) if made and made.mean is not None else ""
        return (
            self.name,
            s.metric,
            paper,
            written(s.metric, s.mean, s.std, s.runs),
            "" if apart is None else f"{apart:+.2f}",
            spans(s.splits),
            spans(s.seeds),
            f"{s.seconds:.0f}",
            f"{s.parameters:,}",
        )


def spans(numbers: Sequence[int]) -> str:
    """Write ascending numbers with three or more in a row as a span: 0-2, 5."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    words = [
        [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
        for run in found
    ]
    return ", ".join(word for group in words for word in group)


def machines_of(folder: Path) -> list[str]:
    """What a run was begun and resumed on, with versions."""
    return [_machine(place) for place in places(read_about(folder))]


def _machine(place: dict[str, dict[str, str]]) -> str:
    machine = place["machine"]
    where = machine.get("device") or f"{machine['cores']} cores of {machine['processor']}"
    versions = ", ".join(f"{name} {number}" for name, number in place["versions"].items())
    return f"{where}; {versions}"
