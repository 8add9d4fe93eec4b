"""Cells of a study: a setting chosen on validation, then trained and compared."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.core.processes import each
from gnnlab.runner.reports.paired_test import Difference, difference
from gnnlab.runner.runs.data import load_data
from gnnlab.runner.runs.results import read_results, scored
from gnnlab.runner.runs.run import Pair, run
from gnnlab.runner.settings.config import Config, configure
from gnnlab.runner.study.plan import Cell, Study

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Edges:
    """Undirected edges of a graph, the mean over a dataset's graphs."""

    before: float
    added: float
    removed: float


@dataclass(frozen=True)
class Outcome:
    """What a cell came to.

    Args:
        config: the setting chosen.
        folder: of its run.
        valid: its mean validation score on the tuning runs.
        scores: test scores by pair.
        edges: what the chosen rewiring does to the data.
        twins: test scores of the random twin; None for a cell that has none.
        baseline: apart from the study's baseline; None where that is not there to compare with.
        twin: apart from the random twin.
        metric: the scores' name.
    """

    cell: Cell
    config: Config
    folder: Path
    valid: float
    scores: dict[Pair, float]
    edges: Edges
    twins: dict[Pair, float] | None = None
    baseline: Difference | None = None
    twin: Difference | None = None
    metric: str = ""


def run_cells(cells: Sequence[Cell], out: str | Path, *, jobs: int = 1) -> Iterator[Outcome]:
    """Choose and train in every cell, going on where an earlier call stopped.

    Args:
        out: holds a run folder for each setting.
        jobs: cells that are worked on at once; outcomes then come as they are finished.
    """
    return each(partial(run_cell, out=Path(out)), cells, jobs)


def run_cell(cell: Cell, out: Path) -> Outcome:
    """Try every setting on the tuning runs, and train the one best on validation on the others."""
    from gnnlab.tasks.metrics.by_name import sign

    valid, metric = [], ""
    for config in cell.configs:
        rows = _rows(run(config, out, pairs=cell.tune), cell.tune)
        valid.append(statistics.fmean(scored(row, "valid") for row in rows))
        metric = rows[0]["metric"]
    if any(map(math.isnan, valid)):
        raise ValueError(
            f"task {cell.configs[0].task['name']} scores nothing on validation, so no setting can "
            "be chosen: take a task, or a probe, that does"
        )
    best = valid.index(max(valid, key=lambda score: sign(metric) * score))
    config = cell.configs[best]
    folder, scores = _scores(config, cell, out)
    twins = _scores(random_twin(config), cell, out)[1] if cell.twin else None
    edges = count_edges(config)
    outcome = Outcome(cell, config, folder, valid[best], scores, edges, twins, metric=metric)
    if twins is None:
        return outcome
    return replace(outcome, twin=difference(scores, twins, held_out_share(config)))


def _scores(config: Config, cell: Cell, out: Path) -> tuple[Path, dict[Pair, float]]:
    """Train the runs that are reported."""
    folder = run(config, out, pairs=cell.final)
    rows = _rows(folder, cell.final)
    return folder, {(row["split"], row["seed"]): scored(row, "test") for row in rows}


def _rows(folder: Path, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    return [row for row in read_results(folder) if (row["split"], row["seed"]) in pairs]


def random_twin(config: Config) -> Config:
    """The same setting with as many edges added, removed and marked on each graph, at random."""
    import msgspec

    settings = msgspec.to_builtins(config)
    return configure({**settings, "rewiring": {"name": "RandomEdges", "like": config.rewiring}})


def count_edges(config: Config) -> Edges:
    """Count what the setting's rewiring adds and removes."""
    import msgspec

    before = _pairs(load_data(msgspec.structs.replace(config, rewiring={"name": "none"})))
    after = _pairs(load_data(config))
    both = list(zip(before, after, strict=True))
    return Edges(
        before=statistics.fmean(len(old) for old in before),
        added=statistics.fmean(len(new - old) for old, new in both),
        removed=statistics.fmean(len(old - new) for old, new in both),
    )


def _pairs(data: Any) -> list[set[tuple[int, int]]]:
    """The undirected edges of every graph."""
    graphs: Sequence[Data] = [data] if hasattr(data, "edge_index") else data
    return [{(u, v) for u, v in graph.edge_index.T.tolist() if u <= v} for graph in graphs]


def compare(study: Study, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Set every outcome beside its dataset's and model's baseline, in the study's order."""
    place = {cell.name: number for number, cell in enumerate(study.cells)}
    base = {o.cell.group: o for o in outcomes if o.cell.method == study.baseline}
    found = [_beside(outcome, base.get(outcome.cell.group)) for outcome in outcomes]
    return sorted(found, key=lambda outcome: place[outcome.cell.name])


def _beside(outcome: Outcome, base: Outcome | None) -> Outcome:
    if base is None or base.cell == outcome.cell:
        return outcome
    apart = difference(outcome.scores, base.scores, held_out_share(outcome.config))
    return replace(outcome, baseline=apart)


def held_out_share(config: Config) -> float:
    """How many test rows there are for each training row, in the first split."""
    return _share(json.dumps(config.data, sort_keys=True))


@cache
def _share(data: str) -> float:
    from gnnlab import datasets

    found = datasets.load(**json.loads(data))
    test, train = (
        mask.reshape(len(mask), -1)[:, 0] for mask in (found.test_mask, found.train_mask)
    )
    return float(test.sum() / train.sum())
