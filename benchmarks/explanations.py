"""Explanations on BA-Shapes: how well each method finds the house that decides a node's label.

Settings are in explanations.toml beside this file. A seed that is in the file of results already is
not repeated.
Run: python benchmarks/explanations.py [--json FILE] [--page FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from explanations_page import write_page

from gnnlab import explain, tasks
from gnnlab.datasets import ba_shapes
from gnnlab.layers import GCN

SETTINGS = Path(__file__).with_suffix(".toml")


def explainers(study: Mapping[str, Any], seed: int, result: Any, data: Any) -> Iterator[Any]:
    """Every method, with what it learns beforehand."""
    yield explain.GNNExplainer(seed=seed)
    learnt = range(*study["pg_explainer"]["learnt_from"])
    yield explain.PGExplainer(seed=seed).train(result, data, learnt)
    yield explain.Gradient()
    yield explain.IntegratedGradients(**study["integrated_gradients"])
    yield from (explain.RandomMask(seed=seed), explain.DegreeMask(), explain.NearMask())


def judged(study: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """A row for each method on one graph and model."""
    data = ba_shapes(seed)
    model = GCN(data.num_features, out_channels=int(data.classes), **study["model"])
    training = tasks.Training(**study["training"])
    result = tasks.fit(
        tasks.NodeClassification(metric="accuracy"), model, data, training, seed=seed
    )
    for explainer in explainers(study, seed, result, data):
        row = {"seed": seed, "method": name_of(explainer), "accuracy": result.test}
        for kind, nodes in study["nodes"].items():
            start = time.perf_counter()
            found = [explainer(result, data, node=node) for node in range(*nodes)]
            row[f"seconds_{kind}"] = (time.perf_counter() - start) / len(found)
            row[f"auc_{kind}"] = statistics.mean(area(one, data, study["hops"]) for one in found)
            if kind == "papers":
                row |= faithful(study, result, found, seed)
        yield row


def area(explanation: explain.Explanation, data: Any, hops: int) -> float:
    """The area for the house that the node itself is in."""
    own = data.node_motif[data.edge_index[0]] == data.node_motif[explanation.node]
    return explain.edge_auc(explanation, data.edge_mask & own, hops)


def faithful(
    study: Mapping[str, Any], result: Any, found: list[explain.Explanation], seed: int
) -> dict[str, float]:
    """Classical and robust fidelity of the most important edges, averaged over the nodes."""
    limits = {"classical": (1.0, 0.0), "robust": (study["alpha1"], study["alpha2"])}
    row = {}
    for kind, (first, second) in limits.items():
        settings = {"alpha1": first, "alpha2": second, "samples": study["samples"], "seed": seed}
        scores = [explain.fidelity(result, one, study["count"], **settings) for one in found]
        for name in ("plus", "minus", "delta"):
            row[f"{kind}_{name}"] = statistics.mean(getattr(score, name) for score in scores)
    return row


def name_of(explainer: Any) -> str:
    """The class's name, without what says that it has learned."""
    return type(explainer).__name__.removeprefix("Trained")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("docs/explanations.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/explanations.md"))
    asked = parser.parse_args()
    study = tomllib.loads(SETTINGS.read_text("utf-8"))
    rows = json.loads(asked.json.read_text("utf-8")) if asked.json.exists() else []
    done = {row["seed"] for row in rows}
    for seed in study["seeds"]:
        if seed not in done:
            rows += judged(study, seed)
            asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
            print(f"seed {seed} done", flush=True)
    write_page(rows, study, asked.page, SETTINGS)


if __name__ == "__main__":
    main()
