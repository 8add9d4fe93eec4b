"""Neural common neighbours, plain models and heuristics, by two protocols side by side.

Trains nothing: models come from the folders of their runs (`gnnlab reproduce ncn --out runs` and
`gnnlab reproduce heart --out runs`, or of some recipes alone); what is missing is named. Heuristics
are judged here on the same splits, with the settings in link_prediction.toml beside this file;
those that the JSON has by the same settings are not judged again.
Run: python benchmarks/link_prediction.py [--runs runs] [--sets cora citeseer] [--again]
         [--json FILE] [--page FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from link_heuristics import block, judged, score
from link_prediction_page import write_page
from points import read_study

from gnnlab.runner import configure, read_results, recipe, recipe_names
from gnnlab.runner.reports.results_page import Shown, machines_of
from gnnlab.runner.runs.results import run_folders

Row = dict[str, Any]
HEADS = {"DotProduct": "dot", "HadamardMLP": "MLP"}


def names_of(study: Mapping[str, Any], sets: Sequence[str]) -> list[str]:
    """The recipes of the page, set by set."""
    return [
        name
        for paper in study["papers"]
        for data in sets
        for name in recipe_names(f"{paper}/{data}")
        if recipe(name).settings["data"]["name"] == data
    ]


def shown(folder: Path, names: Sequence[str]) -> dict[str, Shown]:
    """The run of each recipe: of several the one by its own settings, or with the most lines."""
    found: dict[str, Shown] = {}
    for path in run_folders(folder):
        if not read_results(path):
            continue
        run = Shown(path)
        if run.name in names and (run.name not in found or _worth(run) > _worth(found[run.name])):
            found[run.name] = run
    return found


def _worth(run: Shown) -> tuple[bool, int]:
    exact = run.recipe is not None and configure(run.recipe.settings).key() == run.config.key()
    return exact, run.summary.runs


def trained(run: Shown) -> Row:
    """What the page says of a run; scores are fractions, std with ddof 1."""
    own, made = run.summary, run.recipe
    if made is None:
        raise ValueError(f"{run.folder} says of no recipe that it is run: name another folder")
    others = run.config.task["also"] or ()
    scores = {own.metric: {"mean": own.mean, "std": own.std}} | {
        name: score([row["others"][f"test {name}"] for row in run.rows]) for name in others
    }
    paper = None if made.mean is None else {"mean": made.mean, "std": made.std}
    return {
        "recipe": made.name,
        "paper": made.paper.name,
        "data": own.data,
        "model": f"{own.model} + {head_of(run)}",
        "runs": own.runs,
        "scores": scores,
        "published": paper,
        "apart": run.apart,
        "differs": run.deviations,
        "parameters": own.parameters,
        "seconds": own.seconds,
        "tests": [row["test"] for row in run.rows],
        "folder": run.folder.name,
    }


def head_of(run: Shown) -> str:
    head: Any = run.config.task["head"]
    return HEADS.get(head["name"], head["name"])


def missing(found: Mapping[str, Row], names: Sequence[str]) -> Iterator[str]:
    """Recipes that were not run, or not to the end."""
    none: dict[str, list[str]] = {}
    for name in names:
        made = recipe(name)
        run = configure(made.settings).run
        wanted = len(run.splits) * len(run.seeds)
        if name not in found:
            place = f"{made.paper.name}/{made.settings['data']['name']}"
            none.setdefault(place, []).append(f"`{name}`")
        elif found[name]["runs"] < wanted:
            yield f"`{name}`: {found[name]['runs']} of {wanted} runs are there"
    yield from (f"{', '.join(own)}: not run" for own in none.values())


def beside(
    study: Mapping[str, Any], sets: Sequence[str], before: Sequence[Row]
) -> Iterator[Row | str]:
    """The heuristics on each set by each protocol, or what cannot be judged."""
    for paper in study["papers"]:
        for data in sets:
            config = configure(recipe(recipe_names(f"{paper}/{data}")[0]).settings)
            own = block(paper, config, study)
            kept = [old for old in before if all(old.get(key) == own[key] for key in own)]
            try:
                yield kept[0] if kept else judged(own, config, study)
            except FileNotFoundError:
                yield f"heuristics beside `{paper}/{data}`: the data was not at hand"


def gathered(options: argparse.Namespace) -> Row:
    """All that the page is made of."""
    study, sets = read_study(options.study), options.sets
    sets = study["sets"] if sets is None else sets
    if unknown := [name for name in sets if name not in study["sets"]]:
        raise SystemExit(f"{unknown[0]!r} is no set of the page; it has {', '.join(study['sets'])}")
    names = names_of(study, sets)
    runs = shown(options.runs, names)
    rows = {name: trained(runs[name]) for name in names if name in runs}
    before: list[Row] = []
    if options.json and options.json.is_file() and not options.again:
        before = json.loads(options.json.read_text(encoding="utf-8"))["heuristics"]
    found = list(beside(study, sets, before))
    folders = [run.folder for run in runs.values()]
    return {
        "sets": list(sets),
        "trained": list(rows.values()),
        "heuristics": [own for own in found if not isinstance(own, str)],
        "missing": [*missing(rows, names), *(own for own in found if isinstance(own, str))],
        "machines": sorted({text for folder in folders for text in machines_of(folder)}),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--study", type=Path, default=Path(__file__).with_suffix(".toml"))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    parser.add_argument("--sets", nargs="+", help="of these alone")
    parser.add_argument("--again", action="store_true", help="judge all heuristics anew")
    parser.add_argument("--json", type=Path, help="also write what was found to this file")
    parser.add_argument("--page", type=Path, help="also write a page of Markdown to this file")
    options = parser.parse_args(arguments)
    found = gathered(options)
    for row in found["trained"]:
        means = ", ".join(f"{name} {100 * s['mean']:.2f}" for name, s in row["scores"].items())
        print(f"{row['recipe']}: {means}; {row['runs']} runs")
    print(f"{len(found['heuristics'])} tables of heuristics; missing: {len(found['missing'])}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.page:
        write_page(found, options.page, options.study)


if __name__ == "__main__":
    main()
