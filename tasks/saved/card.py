"""Model card: what a saved model is, in Markdown, as model hubs show it."""

from __future__ import annotations

import json
from typing import Any

from gnnlab.tasks.saved.file import Saved

KINDS = {
    "classes": "one class of each",
    "labels": "labels that hold of each",
    "regression": "numbers of each",
    "links": "which pairs of nodes are linked",
    "states": "states of nodes; it predicts nothing by itself",
}


def written_card(saved: Saved) -> str:
    """Return the card of a model."""
    name = class_name(saved)
    return "\n".join(
        [*_front(saved), f"# {name} on {saved.inputs.name or 'a graph'}", "", *_what(saved), "",
         "## Scores", "", *_scores(saved), "", "## Use", "", *_use(saved), "",
         "## Training", "", *_training(saved), ""]
    )  # fmt: skip


def class_name(saved: Saved) -> str:
    """The encoder's class."""
    tree = saved.encoder.get("adapted", saved.encoder)
    return str(tree.get("module", tree.get("unknown", "model"))).rpartition(":")[2]


def _front(saved: Saved) -> list[str]:
    """What hubs read: lines of YAML, strings as JSON has them."""
    data = [f"datasets: [{json.dumps(saved.inputs.name)}]"] if saved.inputs.name else []
    return [
        "---",
        "library_name: gnnlab",
        "tags: [graph-neural-network, graph-ml]",
        f"metrics: [{json.dumps(saved.scores.metric)}]",
        *data,
        "---",
        "",
    ]


def _what(saved: Saved) -> list[str]:
    inputs = saved.inputs
    told = [
        f"- predicts: {KINDS.get(saved.kind, saved.kind)}",
        f"- reads: {inputs.features} features of a node"
        + (f", {inputs.edge_features} of an edge" if inputs.edge_features else ""),
        f"- parameters: {saved.scores.parameters:,}",
    ]
    if saved.kind in ("classes", "labels", "regression") and not _numbered(saved.names):
        told.append(f"- names: {', '.join(saved.names)}")
    if inputs.fingerprint:
        told.append(f"- data: files of fingerprint `{inputs.fingerprint}`")
    if inputs.nodes:
        told.append(
            f"- limit: it has learnt the {inputs.nodes} nodes of one graph and reads no other"
        )
    if saved.before:
        told.append(f"- before it, each graph goes through `{json.dumps(saved.before)}`")
    return told


def _numbered(names: list[str]) -> bool:
    return names == [str(number) for number in range(len(names))]


def _scores(saved: Saved) -> list[str]:
    """A table; numbers in full, since a reader may want to see them again."""
    scores = saved.scores
    rows = [("validation", scores.valid), ("test", scores.test)]
    lines = [f"| part | {scores.metric} |", "|---|---|"]
    lines += [f"| {part} | {value!r} |" for part, value in rows if value is not None]
    lines += [f"| {name} | {value!r} |" for name, value in scores.others.items()]
    return [*lines, "", f"Split {saved.split}, seed {saved.seed}, epoch {scores.epoch}."]


def _use(saved: Saved) -> list[str]:
    asked = {
        "links": ["model.predict(data, pairs).table()  # pairs: (2, P) numbers of nodes"],
        "states": ["model.embed(data)"],
    }.get(saved.kind, ["model.predict(data).table()"])
    return [
        "```python",
        "import gnnlab",
        "",
        "model = gnnlab.load(FOLDER)  # with the encoder, built as it was"
        if "unknown" in json.dumps(saved.encoder)
        else "model = gnnlab.load(FOLDER)",
        *asked,
        "```",
    ]


def _training(saved: Saved) -> list[str]:
    rows: list[tuple[str, Any]] = [("task", saved.task), ("training", saved.training)]
    if saved.run:
        rows.append(("run", saved.run))
    told = [f"- {name}: `{json.dumps(value)}`" for name, value in rows]
    made = ", ".join(f"{name} {version}" for name, version in saved.versions.items())
    return [*told, f"- made with {made}"]
