"""Encoders refuse stored structures that are not of the graph at hand, or were edited."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from copy import copy

import pytest
import torch
from stored_cases import READERS, graph, prepared, stored_keys, with_encoding
from torch import Tensor
from torch_geometric.data import Batch, Data

from gnnlab import datasets, layers, tasks
from gnnlab.contracts.encoder import GraphReader
from gnnlab.contracts.foreign import declared
from gnnlab.structure import transforms
from gnnlab.structure.transforms import AddHops, AddPaths, RandomWalkPE, Structure
from gnnlab.tasks.shared.collate import Collate

every = pytest.mark.parametrize("name", sorted(READERS))
ANEW = r": run \w+(\(.*\)|\.transform)\(data\) again, as encoder.transform\(data\) does$"


def edges_cut(data: Data) -> Data:
    data.edge_index = data.edge_index[:, (data.edge_index.sum(0) != 1)]  # 0 and 1
    return data


def edges_added(data: Data) -> Data:
    chord = torch.tensor([[2, 6], [6, 2]])
    data.edge_index = torch.cat([data.edge_index, chord], dim=1)
    return data


def nodes_dropped(data: Data) -> Data:
    inside = (data.edge_index < data.num_nodes - 1).all(0)
    data.x, data.edge_index = data.x[:-1], data.edge_index[:, inside]
    return data


def node_added(data: Data) -> Data:
    data.x = torch.cat([data.x, data.x[:1]])
    return data


def edge_moved_in_place(data: Data) -> Data:
    data.edge_index = data.edge_index.clone()
    chord = data.edge_index.sum(0) == 1
    data.edge_index[:, chord] = torch.tensor([[2, 5], [5, 2]])
    return data


EDITS = [edges_cut, edges_added, nodes_dropped, node_added, edge_moved_in_place]


def test_every_structure_and_every_encoder_that_prepares_graphs_is_covered() -> None:
    kinds = {cls for cls in vars(transforms).values() if inspect.isclass(cls)}
    stored = {cls.__name__ for cls in kinds if issubclass(cls, Structure)} - {
        "Structure",
        "Encoding",
    }
    assert stored | {"ConnectionSheaf", "SGC"} == {name.split()[0] for name in READERS}
    encoders = layers.encoders().items()
    preparing = {name for name, cls in encoders if cls.transform is not GraphReader.transform}
    assert preparing == {type(make()).__name__ for make in READERS.values()} - {"WithInputs"}


@every
@pytest.mark.parametrize("edit", EDITS)
def test_another_graph_is_refused(name: str, edit: Callable[[Data], Data]) -> None:
    encoder, data = prepared(name)
    encoder(data)
    with pytest.raises(ValueError, match=ANEW):
        encoder(edit(copy(data)))
    encoder(encoder.transform(edit(copy(data))))  # type: ignore[operator]
    encoder(data)


@every
@pytest.mark.parametrize("joined", ["pyg", "ours"])
def test_a_stale_graph_in_a_batch_is_refused_by_its_number(name: str, joined: str) -> None:
    encoder, first = prepared(name)
    others = [prepared(name, nodes, seed=nodes)[1] for nodes in (6, 9)]
    parts = [first, *others]
    join = Batch.from_data_list if joined == "pyg" else lambda own: Collate(own)([0, 1, 2])
    torch.testing.assert_close(encoder(join(parts))[:1], encoder(first)[:1])
    with pytest.raises(ValueError, match="graph 1 of the batch were changed" + ANEW):
        encoder(join([first, edges_cut(copy(others[0])), others[1]]))
    with pytest.raises(ValueError, match=ANEW):
        batch = join(parts)
        batch.edge_index = batch.edge_index[:, :-2]
        encoder(batch)


@every
def test_the_same_graph_is_read_whatever_carries_it(name: str) -> None:
    encoder, data = prepared(name)
    expected = encoder(data)
    doubled = data.clone()
    for key, value in doubled.to_dict().items():
        if isinstance(value, Tensor) and value.is_floating_point() and key != "x":
            doubled[key] = value.double().float()
    carried = [copy(data), data.clone(), pickle.loads(pickle.dumps(data)), data.to("cpu"), doubled]
    for other in carried:
        assert torch.equal(encoder(other), expected)
    with torch.inference_mode():
        assert torch.equal(encoder(data.clone()), expected)
    if name not in ("ConnectionSheaf", "SGC"):  # which follow the rows of edge_index
        turned = copy(data)
        loop = torch.tensor([[0, 3], [0, 4]])
        turned.edge_index = torch.cat([data.edge_index.flip(1), loop[:, 1:]], dim=1)
        assert encoder(turned).shape == expected.shape


@every
def test_fit_prepares_graphs_that_were_edited_anew(name: str) -> None:
    encoder, first = prepared(name)
    graphs = [copy(first), *(prepared(name, 6 + i, seed=i)[1] for i in range(5))]
    key = stored_keys(first)[0]
    graphs[0][key] = graphs[0][key].flip(0)  # edited: it does not hold, and is found again
    for number, data in enumerate(graphs):
        data.y = torch.tensor([number % 2])
    part = torch.arange(6) % 3
    masks = datasets.Masks(part == 0, part == 1, part == 2)
    mine = datasets.Graphs(tuple(graphs), masks, classes=2, name="mine")
    training = tasks.Training(epochs=1)
    if declared(encoder).level == "graph":
        encoder = layers.SubgraphGNN(3, 4, 1, max_distance=3, out_channels=2)
        graphs[0].pair_distance = None
        mine = mine.with_graphs([Data(x=d.x, edge_index=d.edge_index, y=d.y) for d in graphs])
    assert 0 <= tasks.fit(tasks.GraphPrediction(), encoder, mine, training).test <= 1


def _edits(value: Tensor) -> dict[str, Tensor]:
    """A tensor as hands may leave it."""
    found = {
        "float": value.double() + 0.5 if not value.is_floating_point() else value.long(),
        "halves": value.half() * 1.0 if not value.is_floating_point() else value.int(),
        "shuffled": value[torch.arange(value.shape[0]).roll(1)]
        if value.shape[0] > 2
        else value.roll(1, -1),
        "cut": value[..., :-1].contiguous(),
        "cut rows": value[1:],
        "longer": torch.cat([value, value[:1]]),
        "empty": value[:0],
        "flat": value.reshape(-1)[:-1],
        "deeper": value[None],
        "bool": value.bool(),
        "negative": -value - 1,
        "far": value + 10_000 if value.element_size() > 1 else value + 100,
        "complex": value.to(torch.complex64),
    }
    if value.is_floating_point():
        found["nan"], found["inf"] = value / 0 * 0, value + torch.inf
    return found


@every
def test_keys_edited_by_hand_are_refused_in_one_sentence(name: str) -> None:
    encoder, data = prepared(name)
    batch = Batch.from_data_list([data, prepared(name, 6, seed=1)[1]])
    for stored in (data, batch):
        for key in stored_keys(data):
            for edit, value in _edits(stored[key]).items():
                if torch.equal(value, stored[key]):
                    continue
                wrong = copy(stored)
                wrong[key] = value
                with pytest.raises(ValueError, match=rf"data\.\w+ .*{ANEW}"):
                    encoder(wrong)
                    pytest.fail(f"{key} {edit} was read")
            for value in (None, [1, 2], "text", stored[key].to_sparse()):
                wrong = copy(stored)
                wrong[key] = value
                with pytest.raises(ValueError, match=rf"data\.{key}"):
                    encoder(wrong)
    encoder(data), encoder(batch)


@every
def test_keys_edited_in_place_are_refused(name: str) -> None:
    encoder, data = prepared(name)
    for key in stored_keys(data):
        wrong = data.clone()
        encoder(wrong)
        wrong[key].view(-1)[0] += 1
        with pytest.raises(ValueError, match=rf"data\.{key}"):
            encoder(wrong)


@every
def test_keys_of_ones_own_have_no_stamp_and_must_only_fit(name: str) -> None:
    encoder, data = prepared(name)
    expected = encoder(data)
    stamp = next(key for key in data.keys() if key.endswith("_of"))
    own = copy(data)
    del own[stamp]
    assert torch.equal(encoder(own), expected)
    for key in stored_keys(data):
        for edit in ("float", "deeper", "negative", "empty", "cut rows"):
            value = _edits(data[key])[edit]
            if data[key].is_floating_point() and edit == "negative":
                continue
            wrong = copy(own)
            wrong[key] = value
            with pytest.raises(ValueError, match=r"data\.\w+ .*transform\(data\)"):
                encoder(wrong)
                pytest.fail(f"{key} {edit} was read")


def test_keys_that_reach_farther_are_read_and_nearer_ones_refused() -> None:
    data = graph()
    drew, paths = layers.DRew(3, 4, 3).eval(), layers.PathNN(3, 4, length=3).eval()
    assert torch.equal(drew(AddHops(5)(data)), drew(AddHops(3)(data)))
    assert torch.equal(paths(AddPaths(5)(data)), paths(AddPaths(3)(data)))
    with pytest.raises(
        ValueError, match=r"hop_of tells of settings '2', .*: run AddHops\(max_hop=3"
    ):
        drew(AddHops(2)(data))


def test_links_are_set_apart_where_an_encoding_is_there_already() -> None:
    data = datasets.load("minesweeper-generated", rows=6, columns=6)
    message = tasks.LinkSplit.random(data, seed=0).graph(data)
    encoder = with_encoding(RandomWalkPE(3))
    encoder = layers.WithInputs(data.num_features, list(encoder.inputs), lambda w: layers.GCN(w, 4))
    task = tasks.LinkPrediction(batch_size=16)
    problem = task.setup(RandomWalkPE(3)(message), 0).suited(encoder)
    assert problem.apart
    training = tasks.Training(epochs=1)
    assert 0 <= tasks.fit(task, encoder, RandomWalkPE(3)(message), training).test <= 1
