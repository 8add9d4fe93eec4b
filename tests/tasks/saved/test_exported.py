"""Exported programs say what the model says, on graphs of any size, without gnnlab."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.data import Data

import gnnlab
from gnnlab import datasets, layers, tasks

BOUND = {"LINKX": "transductive", "ResNetAdj": "transductive"}
STORED = {"ConnectionSheaf", "DRew", "KPathSubgraphGNN", "PathNN", "SubgraphGNN"}
QUICK = ("GATSep", "GCN", "PNA")
"""In ``make test``; a trace takes a second or two."""


def graph(nodes: int, edges: int) -> Data:
    """Loops, repeats and types of edges among random ones."""
    random = torch.Generator().manual_seed(nodes)
    ends = torch.randint(nodes, (2, edges), generator=random)
    x = torch.randn(nodes, 3, generator=random)
    return Data(x=x, edge_index=ends, edge_type=torch.randint(2, (edges,), generator=random))


def made(name: str) -> nn.Module:
    cls = layers.find(name)
    known = inspect.signature(cls).parameters
    asked = {"num_nodes": 10, "num_relations": 2, "out_channels": 4}
    torch.manual_seed(0)
    return cls(3, 8, 2, **{key: value for key, value in asked.items() if key in known}).eval()


def operators(program: torch.export.ExportedProgram) -> set[str]:
    calls = (node for node in program.graph.nodes if node.op == "call_function")
    return {str(node.target).partition(".")[0] for node in calls}


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in sorted(layers.encoders().keys() - BOUND.keys() - STORED)
    ],
)
def test_a_program_says_what_the_encoder_says_on_graphs_of_any_size(name: str) -> None:
    encoder = made(name)
    program = gnnlab.export(encoder, graph(10, 40))
    assert "gnnlab" not in operators(program)
    for nodes, edges in ((10, 40), (17, 33), (3, 2)):
        other = graph(nodes, edges)
        inputs = {}
        if "num_relations" in inspect.signature(layers.find(name)).parameters:
            inputs["edge_type"] = other.edge_type
        with torch.no_grad():
            found = program.module()(other.x, other.edge_index, **inputs)
            torch.testing.assert_close(found, encoder(other), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("name", sorted(BOUND))
def test_what_belongs_to_one_graph_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} .*there is no other graph to export it for"):
        gnnlab.export(made(name), graph(10, 40))


@pytest.mark.parametrize("name", sorted(STORED))
def test_what_looks_up_stored_structures_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} looks up what its transform stores in a graph"):
        gnnlab.export(made(name), graph(10, 40))


def weighted() -> Data:
    data = graph(12, 50)
    del data.edge_type
    data.edge_weight = torch.rand(50, generator=torch.Generator().manual_seed(1))
    return data


@pytest.mark.parametrize("name", ["GCN", "GAT"])
def test_edge_weights_are_an_input_where_they_are_read(name: str) -> None:
    encoder, data = made(name), weighted()
    program = gnnlab.export(encoder, data)
    assert len(program.graph_signature.user_inputs) == 3
    data.edge_weight = data.edge_weight.flip(0)
    with torch.no_grad():
        found = program.module()(data.x, data.edge_index, edge_weight=data.edge_weight)
        torch.testing.assert_close(found, encoder(data), rtol=1e-5, atol=2e-5)


def test_what_is_not_read_is_no_input() -> None:
    program = gnnlab.export(made("GCN"), graph(10, 40))
    assert len(program.graph_signature.user_inputs) == 2


def test_another_process_runs_a_result_without_gnnlab(tmp_path: Path) -> None:
    data = datasets.load("karate")
    encoder = layers.GAT(34, 8, 2, heads=2)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(epochs=3))
    gnnlab.export(result, data, tmp_path / "model.pt2")
    torch.save((data.x, data.edge_index), tmp_path / "graph.pt")
    code = """
import sys, torch
program = torch.export.load(sys.argv[1] + "/model.pt2").module()
print(program(*torch.load(sys.argv[1] + "/graph.pt")).double().sum().item())
assert not any(name.startswith("gnnlab") for name in sys.modules)
"""
    command = [sys.executable, "-I", "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(float(result.predict(data).outputs.double().sum()))


def test_a_model_of_graphs_takes_one_at_a_time() -> None:
    graphs = datasets.csl()
    encoder = layers.GIN(graphs.num_features, 8, 2)
    result = tasks.fit(tasks.GraphPrediction(), encoder, graphs, tasks.Training(epochs=2))
    program, wanted = gnnlab.export(result, graphs[0]), result.predict(graphs[:20]).outputs
    found = torch.cat([program.module()(one.x, one.edge_index) for one in graphs[:20]])
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


class Odd(nn.Module):
    """Looks at numbers, which no trace can follow."""

    level = "node"

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, data: Data) -> Tensor:
        found: Tensor = self.linear(data.x)
        return found if float(data.x.sum()) > 0 else -found


@pytest.mark.parametrize(
    ("model", "path", "sentence"),
    [
        ("GCN", None, "model is 'GCN'"),
        (tasks.NodeClassification(), None, "but a result of fit, a loaded model or an encoder"),
        (nn.Linear(3, 2), "model.pt", "path is 'model.pt', but an exported program ends in .pt2"),
        (Odd(), None, "Odd cannot be exported for graphs of any size"),
    ],
)
def test_refusals(model: object, path: str | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        gnnlab.export(model, graph(10, 40), path)


def test_links_are_refused() -> None:
    data = datasets.load("karate")
    data = tasks.LinkSplit.random(data, 0.1, 0.2, seed=0).graph(data)
    task = tasks.LinkPrediction(metric="roc_auc")
    result = tasks.fit(task, layers.GCN(34, 8), data, tasks.Training(epochs=1))
    with pytest.raises(ValueError, match="a model of links scores pairs"):
        gnnlab.export(result, data)
