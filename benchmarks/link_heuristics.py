"""Heuristics on the splits that recipes of link prediction are trained on."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from points import spread
from torch_geometric.data import Data

from gnnlab import datasets, tasks
from gnnlab.runner import Config
from gnnlab.runner.settings.link_splits import message_graph
from gnnlab.tasks import LinkSplit

Row = dict[str, Any]
TRAIN, BOTH = "training links", "validation links too"
"""What a heuristic reads when it judges test links."""
COMPONENT = "largest component"


def block(paper: str, config: Config, study: Mapping[str, Any]) -> Row:
    """What determines the heuristics' scores on a set under a paper's protocol.

    Those with a published number are also judged on the ``component``: papers differ in whether
    they take the whole graph.
    """
    name = config.data["name"]
    hard = config.task["links"]["protocol"] == "hard"
    left_out = study.get("left_out", {}).get(name, ())
    settings = {key: own for key, own in study["heuristics"].items() if key not in left_out}
    published = study.get("published", {}).get(name, {})
    return {
        "paper": paper,
        "data": name,
        "reads": [TRAIN] if hard else [TRAIN, BOTH],
        "links": dict(config.task["links"]),
        "metrics": [config.task["metric"], *config.task["also"]],
        "splits": list(config.run.splits),
        "heuristics": {key: {**own} for key, own in settings.items()},
        "component": [] if hard else [key for key in settings if key in published],
    }


def judged(block: Row, config: Config, study: Mapping[str, Any]) -> Row:
    """The block with the scores of every heuristic on every split, and what they came to.

    Raises:
        FileNotFoundError: the set is not at hand.
    """
    topology = study.get("topology", {}).get(block["data"])
    hard = block["links"]["protocol"] == "hard"
    data = datasets.load(topology) if topology and not hard else datasets.load(**config.data)
    rows, seen = on_graph(block, data, block["heuristics"])
    if block["component"] and (part := largest(data)).num_nodes < data.num_nodes:
        heads = {name: block["heuristics"][name] for name in block["component"]}
        found, _ = on_graph(block, part, heads)
        rows += [{**row, "reads": f"{row['reads']}, {COMPONENT}"} for row in found]
    overlaps = {key: statistics.fmean(line[key] for line in seen) for key in seen[0]}
    return {**block, "rows": rows, "overlap": overlaps}


def on_graph(
    block: Row, data: Data, heads: Mapping[str, Any]
) -> tuple[list[Row], list[dict[str, float]]]:
    """A row for every heuristic and what it reads, and how test pairs of each split overlap."""
    lines: dict[tuple[str, str], list[dict[str, float]]] = {}
    seen = []
    for number in block["splits"]:
        graph = message_graph(block["links"], data, number)
        split: LinkSplit = graph.link_split
        seen.append(overlap(split))
        for reads in block["reads"]:
            own = graph if reads == TRAIN else split.with_valid_as_input().graph(data)
            for name, head in heads.items():
                lines.setdefault((name, reads), []).append(scores(own, head, block["metrics"]))
    return [summed(name, reads, own) for (name, reads), own in lines.items()], seen


def largest(data: Data) -> Data:
    """The largest component, as a graph of its own."""
    from torch_geometric.transforms import LargestConnectedComponents

    nodes = int(data.num_nodes or 0)
    plain = Data(x=torch.ones(nodes, 1), edge_index=data.edge_index)
    found: Data = LargestConnectedComponents()(plain)
    return found


def scores(graph: Data, head: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, float]:
    """The test scores of a heuristic on one split, by metric."""
    found = tasks.heuristic(graph, dict(head), metrics[0], metrics[1:])
    return {metrics[0]: found["test"], **{name: found[f"test {name}"] for name in metrics[1:]}}


def summed(name: str, reads: str, lines: Sequence[Mapping[str, float]]) -> Row:
    """Mean and std (ddof 1) over splits of every metric, and the first one's values."""
    columns = {metric: [line[metric] for line in lines] for metric in lines[0]}
    return {
        "heuristic": name,
        "reads": reads,
        "runs": len(lines),
        "scores": {metric: score(values) for metric, values in columns.items()},
        "tests": next(iter(columns.values())),
    }


def score(values: Sequence[float]) -> dict[str, float]:
    return {"mean": statistics.fmean(values), "std": spread(values)}


def overlap(split: LinkSplit) -> dict[str, float]:
    """How many test pairs there are, and how many share a neighbour among training links."""
    found: dict[str, float] = {}
    for kind in ("positive", "negative"):
        pairs = getattr(split, f"test_{kind}")
        count = tasks.common_neighbors(
            split.message_edge_index, split.num_nodes, pairs.reshape(2, -1)
        )
        found[kind] = len(count)
        found[f"{kind}_sharing"] = int((count > 0).sum())
    found["against"] = split.test_negative.shape[-1]
    return found
