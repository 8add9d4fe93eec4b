"""The score on the test part by what ``predict`` says, held against what ``fit`` reported."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from kept_cases import Case, cases, of_nodes, one_graph

from gnnlab import layers, tasks
from gnnlab.tasks import Predictor, Pretraining
from gnnlab.tasks.metrics import links as link_metrics
from gnnlab.tasks.metrics.by_name import find
from gnnlab.tasks.shared.linear_probe import ProbeOfNodes


def all_cases() -> dict[str, Case]:
    """Every task, pretraining too."""
    return {**cases(), "pretraining": Case(Pretraining(), one_graph(), of_nodes)}


def trained(case: Case, encoder: Any, **settings: Any) -> tasks.Result:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        training = tasks.Training(**{"epochs": 2, **settings})
        return tasks.fit(case.task, encoder, case.data, training, seed=1)


def built(name: str, case: Case) -> nn.Module:
    """An exported encoder, told what it asks for of the data."""
    cls = layers.encoders()[name]
    own: dict[str, Any] = {"in_channels": case.features, "hidden_channels": 8, "num_layers": 2}
    own = {key: value for key, value in own.items() if key in _asked(cls)}
    if issubclass(cls, layers.SheafDiffusion | layers.ConnectionSheaf):
        own["hidden_channels"] = 2
    return cls(**{**own, **cls.from_data(case.data, **own)})


def _asked(cls: type) -> set[str]:
    import inspect

    return set(inspect.signature(cls).parameters)


def of_test(model: Predictor | tasks.Result, case: Case, metric: str) -> float:
    """The score on the test part, by the outputs of ``predict`` or by ``embed``."""
    data, task = case.data, case.task
    if isinstance(task, Pretraining):
        return ProbeOfNodes(data, 0).scores(model.embed(data))["test"]
    if isinstance(task, tasks.LinkPrediction):
        return _of_links(model, data, metric)
    if not isinstance(data, list) and hasattr(data, "edge_index"):
        said = model.predict(data).outputs[data.test_mask]
        return find(metric, "classes")(said, data.y[data.test_mask])
    graphs = [data[i] for i in data.test_mask[:, 0].nonzero().flatten().tolist()]
    found = model.predict(graphs)
    kind: Any = found.kind
    y = torch.cat([graph.y for graph in graphs])
    y = y if kind == "classes" else y.reshape(len(graphs), -1)
    return find(metric, kind)(found.outputs, y)


def _of_links(model: Any, data: Any, metric: str) -> float:
    if hasattr(data, "link_split"):
        split = data.link_split
        own = [model.predict(data, p).outputs for p in (split.test_positive, split.test_negative)]
        return link_metrics.find(metric)(*own)
    graphs = [data[i] for i in data.test_mask[:, 0].nonzero().flatten().tolist()]
    everything = [torch.cartesian_prod(*[torch.arange(g.num_nodes)] * 2).T for g in graphs]
    logits = model.predict(graphs, everything).outputs
    means = []
    for graph in graphs:
        true, nodes = graph.edge_label_index[:, graph.edge_label == 1], graph.num_nodes
        square, logits = logits[: nodes**2].reshape(nodes, nodes), logits[nodes**2 :]
        places = []
        for u, v in true.T.tolist():
            rivals = torch.ones(nodes, dtype=torch.bool)
            rivals[true[1, true[0] == u]] = False
            own, others = square[u, v], square[u, rivals]
            places.append(1 + int((others > own).sum()) + int((others == own).sum()) / 2)
        means.append(sum(1 / place for place in places) / len(places))
    return sum(means) / len(means)


def states(model: nn.Module) -> dict[str, Tensor]:
    return {key: value for key, value in model.state_dict().items() if isinstance(value, Tensor)}


def main() -> None:
    """Print the scores of models in folders, each named by its case."""
    from gnnlab import load

    known = all_cases()
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        model = load(folder)
        scores = model.card.split("| test | ")[1].split(" ")[0]
        print(folder.name, repr(of_test(model, known[folder.name], _metric(model.card))), scores)


def _metric(card: str) -> str:
    return card.split("| part | ")[1].split(" ")[0]


if __name__ == "__main__":
    main()
