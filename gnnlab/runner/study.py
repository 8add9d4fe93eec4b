"""A study: every method in the same cells, chosen on validation, tested in pairs."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from gnnlab.names import find_by_name

from .config import Config, configure
from .recipes import read_toml
from .report import layout, percent
from .results import read_results
from .run import Pair, run

FILE = "study.toml"


@dataclass(frozen=True)
class Cell:
    """A dataset, a model and a method, with the settings that are tried.

    Args:
        tune: pairs of split and seed that choose the setting.
        final: those that are reported.
    """

    data: str
    model: str
    method: str
    configs: tuple[Config, ...]
    tune: tuple[Pair, ...]
    final: tuple[Pair, ...]

    @property
    def name(self) -> str:
        return f"{self.data}-{self.model}-{self.method}"

    @property
    def group(self) -> tuple[str, str]:
        """What is compared within."""
        return self.data, self.model


@dataclass(frozen=True)
class Study:
    """What is in a study's folder of TOML files."""

    name: str
    title: str
    protocol: str
    baseline: str
    digest: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Outcome:
    """What a cell came to; scores and differences are fractions.

    Args:
        config: the setting chosen.
        valid: its mean validation score on the tuning runs.
        scores: test scores by pair.
        difference: to the baseline, the mean over pairs; None where there is none to compare with.
        p: of the corrected paired t-test.
    """

    cell: Cell
    config: Config
    folder: Path
    valid: float
    scores: dict[Pair, float]
    difference: float | None = None
    p: float | None = None


def read_study(name: str, overrides: Sequence[str] = ()) -> Study:
    """Read a study and configure every setting of every cell.

    Args:
        overrides: of every setting; results are then kept apart from the study's own.

    Raises:
        ValueError: no such study (the nearest is offered), or settings that do not fit.
    """
    known = {f.name: f for f in files("gnnlab.recipes").iterdir() if f.joinpath(FILE).is_file()}
    folder = find_by_name("study", name, known)
    tables = {
        path.name.removesuffix(".toml"): path
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }
    content = b"\n".join(path.read_bytes() for path in tables.values())
    shared = read_toml(tables.pop("study"))
    cells = [
        cell
        for data, path in tables.items()
        for cell in _cells(data, read_toml(path), shared, overrides)
    ]
    return Study(
        name=folder.name,
        title=shared["title"],
        protocol=" ".join(shared["protocol"].split()),
        baseline=shared["baseline"],
        digest=hashlib.sha256(content).hexdigest()[:16],
        cells=tuple(cells),
    )


def _cells(
    data: str, table: dict[str, Any], shared: dict[str, Any], overrides: Sequence[str]
) -> Iterator[Cell]:
    final = tuple((seed % table["splits"], seed) for seed in shared["seeds"])
    tune = tuple((split, seed) for split, seed in shared["tune"])
    for model, chosen in shared["models"].items():
        for method in shared["methods"]:
            configs = tuple(
                configure(_settings(table, chosen, method, row), overrides)
                for row in shared["settings"]
            )
            yield Cell(data, model, method, configs, tune, final)


def _settings(
    table: dict[str, Any], model: dict[str, Any], method: str, row: dict[str, Any]
) -> dict[str, Any]:
    """One setting of a cell, as ``configure`` takes it."""
    depth = {key: row[key] for key in ("dropout", "num_layers")}
    return {
        "task": table["task"],
        "data": table["data"],
        "model": {**table["model"], **model, **depth},
        "training": {**table["training"], "lr": row["lr"]},
        "rewiring": table["methods"][method][row["strength"]],
    }


def select_cells(study: Study, only: Sequence[str]) -> list[Cell]:
    """The cells whose names hold every word of one of the given names; all of them for none.

    Raises:
        ValueError: a name that fits no cell.

    Example:
        ``["cora", "mutag-gin"]`` is all of Cora, and the methods with GIN on MUTAG.
    """
    found: set[str] = set()
    for name in only:
        words = name.lower().split("-")
        fits = {c.name for c in study.cells if set(words) <= set(c.name.split("-"))}
        if not fits:
            raise ValueError(
                f"{name!r} names no cell of {study.name}: cells are DATA-MODEL-METHOD, such as "
                f"{study.cells[0].name}"
            )
        found |= fits
    return [cell for cell in study.cells if not only or cell.name in found]


def run_study(
    study: Study, cells: Sequence[Cell], out: str | Path = "runs", *, jobs: int = 1
) -> list[Outcome]:
    """Choose and train in every cell, going on where an earlier call stopped, and compare.

    ``out`` holds a run folder for each setting, and ``table.md`` and ``table.json``, which are
    written anew after every cell.
    """
    out, outcomes = Path(out), []
    for number, cell in enumerate(cells, start=1):
        outcomes.append(run_cell(cell, out, jobs))
        compared = compare(study, outcomes)
        _write(out, study, compared)
        last = compared[-1]
        scores = list(last.scores.values())
        score = percent(statistics.fmean(scores), _std(scores))
        print(f"[{number}/{len(cells)}] {cell.name}: {score}", flush=True)
    return compare(study, outcomes)


def run_cell(cell: Cell, out: Path, jobs: int = 1) -> Outcome:
    """Try every setting on the tuning runs, and train the one best on validation on the others."""
    valid = []
    for config in cell.configs:
        rows = _rows(run(config, out, jobs=jobs, pairs=cell.tune), cell.tune)
        valid.append(statistics.fmean(row["valid"] for row in rows))
    best = valid.index(max(valid))
    config = cell.configs[best]
    folder = run(config, out, jobs=jobs, pairs=cell.final)
    scores = {(row["split"], row["seed"]): row["test"] for row in _rows(folder, cell.final)}
    return Outcome(cell, config, folder, valid[best], scores)


def _rows(folder: Path, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    return [row for row in read_results(folder) if (row["split"], row["seed"]) in pairs]


def compare(study: Study, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Set every outcome beside its dataset's and model's baseline, where that has been run."""
    base = {o.cell.group: o for o in outcomes if o.cell.method == study.baseline}
    return [_beside(outcome, base.get(outcome.cell.group)) for outcome in outcomes]


def _beside(outcome: Outcome, base: Outcome | None) -> Outcome:
    if base is None or base.cell == outcome.cell:
        return outcome
    apart = [score - base.scores[pair] for pair, score in outcome.scores.items()]
    p = corrected_t_test(apart, held_out_share(outcome.config))
    return replace(outcome, difference=statistics.fmean(apart), p=p)


def held_out_share(config: Config) -> float:
    """How many test rows there are for each training row, in the first split."""
    return _share(json.dumps(config.data, sort_keys=True))


@cache
def _share(data: str) -> float:
    from gnnlab import datasets

    found = datasets.load(**json.loads(data))
    return float(found.test_mask[:, 0].sum() / found.train_mask[:, 0].sum())


def corrected_t_test(differences: Sequence[float], share: float) -> float:
    r"""Return the two-sided p of a paired t-test over drawn splits.

    .. math:: t = \bar d \Big/ \sqrt{\Big(\frac{1}{n} + \frac{n_2}{n_1}\Big) s_d^2}

    With n - 1 degrees of freedom. Runs on overlapping splits are not independent; the second term,
    test rows for each training row, stands for that. All differences equal give 1 (all 0) or 0.

    Args:
        differences: of n pairs.
        share: n_2 / n_1; 0 gives the ordinary paired t-test.

    Source:
        Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003
        (https://doi.org/10.1023/A:1024068626366).
    """
    from scipy.stats import t as student

    count = len(differences)
    if count < 2:
        return math.nan
    mean, variance = statistics.fmean(differences), statistics.variance(differences)
    if variance == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * student.sf(abs(mean) / math.sqrt((1 / count + share) * variance), count - 1))


def table(outcomes: Sequence[Outcome]) -> str:
    """Lay the outcomes out: test score, difference to the baseline with p, the setting chosen."""
    columns = ("data", "model", "method", "test", "apart", "p", "runs", "chosen")
    return layout(columns, [_row(outcome) for outcome in outcomes])


def _row(outcome: Outcome) -> tuple[str, ...]:
    cell, scores = outcome.cell, list(outcome.scores.values())
    return (
        cell.data,
        cell.model,
        cell.method,
        percent(statistics.fmean(scores), _std(scores), len(scores)),
        "" if outcome.difference is None else f"{100 * outcome.difference:+.2f}",
        "" if outcome.p is None else f"{outcome.p:.3f}",
        str(len(scores)),
        _chosen(outcome.config),
    )


def _chosen(config: Config) -> str:
    rewiring = {k: v for k, v in config.rewiring.items() if k not in ("name", "fill", "seed")}
    training = {
        "lr": config.training["lr"],
        **{k: config.model[k] for k in ("dropout", "num_layers")},
    }
    return ", ".join(f"{key}={value}" for key, value in {**training, **rewiring}.items())


def _std(scores: Sequence[float]) -> float:
    return statistics.stdev(scores) if len(scores) > 1 else 0.0


def _write(out: Path, study: Study, outcomes: Sequence[Outcome]) -> None:
    """Write the tables of what is finished."""
    notes = f"{study.protocol}\n\nSettings: gnnlab/recipes/{study.name}, sha256 {study.digest}…\n"
    text = f"# {study.title}\n\n{table(outcomes)}\n\n{notes}"
    (out / "table.md").write_text(text, encoding="utf-8")
    entries = [
        {
            "cell": outcome.cell.name,
            "run": outcome.folder.name,
            "valid": outcome.valid,
            "test": [[*pair, score] for pair, score in outcome.scores.items()],
            "difference": outcome.difference,
            "p": outcome.p,
        }
        for outcome in outcomes
    ]
    (out / "table.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
