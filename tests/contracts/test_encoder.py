"""What encoders declare: with a typed default, read by name in one file, true of every encoder."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.contracts.encoder import Encoder, GraphReader
from gnnlab.contracts.foreign import Foreign, declared
from gnnlab.contracts.graph_arguments import edge_types_of, edge_values, edge_width, nodes_of_first
from gnnlab.tasks.link.heads.pair_head import PairHead

ROOT = Path(__file__).resolve().parents[2]
ONE_PLACE = (
    "gnnlab/contracts/foreign.py",
    "tasks/link/heads/pair_head.py",
    "tests/tasks/test_hooks.py",
)
"""Where modules of other libraries are read by name, or stood in for."""
DECLARED = {
    name
    for cls in (GraphReader, Encoder, PairHead)
    for name in (*cls.__annotations__, *vars(cls))
    if not name.startswith("_")
}


DECIDED = {name for cls in layers.encoders().values() for name in cls.from_graph}
"""Arguments that the graph decides wherever an encoder takes them."""


def sources() -> Iterator[Path]:
    for room in ("gnnlab", "layers", "tasks", "rewiring", "datasets", "tests", "benchmarks"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.relative_to(ROOT).as_posix() not in ONE_PLACE:
                yield path


def asked_by_name(source: str) -> list[str]:
    """The declared names that code asks an object for by a string."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in ("getattr", "hasattr"):
            name = call.args[1]
            if isinstance(name, ast.Constant) and name.value in DECLARED:
                found.append(f"{call.lineno}: {name.value}")
    return found


def test_nothing_that_is_declared_is_asked_for_by_name() -> None:
    assert asked_by_name('x = getattr(encoder, "level", "node")') == ["1: level"]
    found = {str(path): names for path in sources() if (names := asked_by_name(path.read_text()))}
    assert not found


@pytest.mark.parametrize("cls", layers.encoders().values())
def test_an_encoder_declares_what_its_constructor_takes(cls: type[Encoder]) -> None:
    known = inspect.signature(cls).parameters
    assert set(cls.from_graph) | set(cls.later) <= set(known)
    needed = {name for name, one in known.items() if one.default is one.empty}
    assert needed - set(cls.from_graph) <= {"in_channels", "hidden_channels"}
    assert DECIDED & set(known) <= set(cls.from_graph)
    assert cls.later.keys().isdisjoint(cls.from_graph)


def pair(**tensors: Tensor) -> Data:
    return Data(torch.ones(3, 2), torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]), **tensors)


def test_the_graph_decides_what_it_holds() -> None:
    data = pair(edge_type=torch.tensor([0, 0, 3, 3]), edge_attr=torch.ones(4, 5))
    assert (
        layers.RGCN.from_data(data)
        == {"num_relations": 4}
        == {"num_relations": edge_types_of(data)}
    )
    assert layers.LINKX.from_data(data) == {"num_nodes": 3} == {"num_nodes": nodes_of_first([data])}
    assert layers.GCN.from_data(data) == {}
    found = layers.PNA.from_data([data, data])
    assert found["edge_dim"] == 5
    assert found["average_log_degree"] == pytest.approx(
        (2 * torch.tensor(2.0).log() + torch.tensor(3.0).log()) / 3
    )
    data.edge_sizes = (4, 2)
    assert layers.GINE.from_data(data)["edge_dim"] == (4, 2) == edge_values(data)
    assert layers.GatedGCN.from_data(data)["edge_dim"] == 5
    assert edge_width(pair(edge_attr=torch.ones(4, 1, dtype=torch.int64))) is None


def test_settings_decide_whether_edges_are_read() -> None:
    data = pair(edge_attr=torch.ones(4, 5))
    assert layers.DRew.from_data(data, conv="gatedgcn") == {"edge_dim": 5}
    assert layers.DRew.from_data(data, conv="gcn") == {}


class Other(nn.Module):
    """A module of another library, which says a little of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden_channels, self.maskable = 7, False
        self.transform = nn.Linear(1, 1)  # a layer of that name prepares no graph

    def forward(self, data: Data) -> Tensor:
        return data.x


def test_a_foreign_module_has_the_defaults_and_what_it_says() -> None:
    data, module = pair(), Other()
    own = declared(module)
    assert isinstance(own, Foreign)
    assert (own.level, own.in_channels, own.hidden_channels, own.out_channels) == (
        "node",
        -1,
        7,
        None,
    )
    assert own.maskable is False and own.reads_features and own.transductive is None
    assert not own.transforms() and own.transform(data) is data
    states, loss = own.with_loss(data)
    assert states is data.x and loss is None and own.with_outputs(2) is None


def test_an_encoder_of_ours_is_read_as_it_is() -> None:
    encoder = layers.GCN(2, 4)
    assert declared(encoder) is encoder
    assert not encoder.transforms() and encoder.transform_many([pair()])[0].num_nodes == 3
    assert layers.DRew(2, 4, 2).transforms()
    inside = layers.WithInputs(2, [], lambda width: layers.DRew(width, 4, 2))
    assert inside.transforms() and inside.maskable is False
    assert not layers.WithInputs(2, [], lambda width: layers.GCN(width, 4)).transforms()


def test_a_compiled_encoder_says_what_the_encoder_in_it_says() -> None:
    own = declared(torch.compile(layers.DRew(2, 4, 2), backend="eager"))
    assert own.transforms() and own.maskable is False and own.hidden_channels == 4
