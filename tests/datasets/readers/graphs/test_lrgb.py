"""The long-range benchmark: twins of its archives, whose tensors come back as they were."""

from __future__ import annotations

import io
import os
import pickle
import urllib.request
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import Batch

from gnnlab import datasets
from gnnlab.datasets import loading
from gnnlab.datasets.cards.given_graphs import describe_given
from gnnlab.datasets.catalogue.records import Record, find, records
from gnnlab.datasets.describing import _papers
from gnnlab.datasets.files import sources
from gnnlab.datasets.molecules.codes import ATOMS, BONDS
from gnnlab.datasets.values.graphs import Graphs

SETS = [record.name for record in records() if record.source == "lrgb"]
PARTS = {"train": 3, "val": 1, "test": 2}
each_set = pytest.mark.parametrize("name", SETS)


def one(record: Record, number: int) -> tuple[Any, ...]:
    """A ring as the set's files hold it; its label, codes and pairs depend on the number."""
    random, nodes = torch.Generator().manual_seed(number), 3 + number
    ring = torch.arange(nodes)
    edge_index = torch.stack([torch.cat([ring, ring.roll(1)]), torch.cat([ring.roll(1), ring])])
    rows = edge_index.shape[1]
    if record.options["target"] == "nodes":
        x = torch.rand(nodes, 14, generator=random).half()
        attr = torch.rand(rows, 2, generator=random).half()
        labels = record.options.get("labels", range(21))
        top = labels[-1] if number == 0 else labels[number]
        y = np.array([top] * nodes, dtype=np.uint8)
        return x, attr, edge_index, y
    x = torch.stack([torch.randint(size, (nodes,), generator=random) for size in ATOMS], 1)
    attr = torch.stack([torch.randint(size, (rows,), generator=random) for size in BONDS], 1)
    if record.options["target"] == "pairs":
        pairs = torch.randint(nodes, (2, 4), generator=random)
        return x, attr, edge_index, pairs, torch.tensor([1, 1, 0, 0], dtype=torch.int32)
    count = record.statistics["classes"]
    values = torch.randn(1, count, generator=random)
    return x, attr, edge_index, (values > 0).float() if count == 10 else values


def written(values: list[tuple[Any, ...]], suffix: str) -> bytes:
    if suffix == "pickle":
        return pickle.dumps(values, protocol=4)
    file = io.BytesIO()
    torch.save(values, file)
    return file.getvalue()


def archive(path: Path, record: Record, contents: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for part, content in contents.items():
            file.writestr(f"{record.options['folder']}/{part}.{record.options['suffix']}", content)
    return path


def twin(name: str, root: Path, **changed: bytes) -> tuple[Record, list[tuple[Any, ...]]]:
    """The set's record with a small archive in its place, and what the archive holds."""
    record = find(name, "lrgb")
    whole = [one(record, number) for number in range(sum(PARTS.values()))]
    contents, start = {}, 0
    for part, count in PARTS.items():
        contents[part] = written(whole[start : start + count], record.options["suffix"])
        start += count
    archive(root / record.files[0], record, {**contents, **changed})
    own = {
        "graphs": len(whole),
        "nodes": sum(len(values[0]) for values in whole),
        "rows": sum(values[2].shape[1] for values in whole),
        "features": whole[0][0].shape[1],
        **PARTS,
    }
    if "classes" in record.statistics:
        own["classes"] = record.statistics["classes"]
    return replace(record, statistics=own, url=None), whole


def loaded(record: Record, root: Path) -> Graphs:
    return loading.load_graphs(record, record.options["features"], "public", root)


@each_set
def test_tensors_come_back_in_the_order_of_the_parts(name: str, tmp_path: Path) -> None:
    record, whole = twin(name, tmp_path)
    graphs = loaded(record, tmp_path)
    assert len(graphs) == 6 and graphs.masks.sizes == (3, 1, 2)
    assert graphs.train_mask[:, 0].tolist() == [True] * 3 + [False] * 3
    assert graphs.test_mask[:, 0].tolist() == [False] * 4 + [True] * 2
    for data, values in zip(graphs, whole, strict=True):
        assert torch.equal(data.x, values[0].float()) and data.x.dtype == torch.float32
        assert torch.equal(data.edge_index, values[2])
        attr = values[1].float() if values[1].is_floating_point() else values[1]
        assert torch.equal(data.edge_attr, attr) and data.edge_attr.dtype == attr.dtype
    batch = Batch.from_data_list(list(graphs))
    assert batch.num_graphs == 6


@pytest.mark.parametrize("name", ["Peptides-func", "Peptides-struct"])
def test_peptides_have_a_row_of_targets_each(name: str, tmp_path: Path) -> None:
    record, whole = twin(name, tmp_path)
    graphs = loaded(record, tmp_path)
    assert torch.equal(graphs.y, torch.cat([values[3] for values in whole]))
    assert graphs.y.shape == (6, graphs.classes) and graphs.y.dtype == torch.float32
    assert (graphs.x_sizes, graphs.edge_sizes) == (ATOMS, BONDS)


@pytest.mark.parametrize("name", ["PascalVOC-SP", "COCO-SP"])
def test_superpixels_have_a_class_a_node(name: str, tmp_path: Path) -> None:
    record, whole = twin(name, tmp_path)
    graphs = loaded(record, tmp_path)
    numbers = list(record.options.get("labels", range(21)))
    assert graphs.classes == len(numbers) and graphs.x_sizes == ()
    for data, values in zip(graphs, whole, strict=True):
        assert data.y.dtype == torch.int64
        assert data.y.tolist() == [numbers.index(label) for label in values[3].tolist()]
    assert int(graphs.y.max()) == len(numbers) - 1


def test_contacts_are_pairs_that_a_batch_moves_along(tmp_path: Path) -> None:
    record, whole = twin("PCQM-Contact", tmp_path)
    graphs = loaded(record, tmp_path)
    batch = Batch.from_data_list(graphs[:2])
    first, second = whole[:2]
    pairs = torch.cat([first[3], second[3] + len(first[0])], dim=1)
    assert torch.equal(batch.edge_label_index, pairs)
    assert batch.edge_label.tolist() == [1, 1, 0, 0] * 2 and "y" not in graphs[0]


@each_set
def test_the_card_says_which_task_the_targets_are_for(name: str, tmp_path: Path) -> None:
    record, _ = twin(name, tmp_path)
    told = str(describe_given(record, loaded(record, tmp_path), _papers(record.citations)))
    assert record.options["serves"].split(",")[0] in told.replace("\n" + " " * 17, " ")
    assert "public: train / val / test 3 / 1 / 2" in told and "dwivedi2022long" in told
    assert "none is published" in told and "1710" not in told


@pytest.mark.parametrize(
    "as_stored", [list, torch.tensor, np.asarray, lambda y: torch.tensor(y).float()]
)
@pytest.mark.parametrize("protocol", [3, 4])
def test_labels_may_be_lists_arrays_or_tensors(
    as_stored: Callable[[Any], Any], protocol: int, tmp_path: Path
) -> None:
    record = find("PascalVOC-SP")
    values = [(*one(record, 2)[:3], as_stored(one(record, 2)[3].tolist()))]
    record, _ = twin("PascalVOC-SP", tmp_path, val=pickle.dumps(values, protocol=protocol))
    record = replace(record, statistics={})
    assert loaded(record, tmp_path)[3].y.tolist() == [2] * 5


class Evil:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


def hidden(evil: Evil) -> bytes:
    """A pickle that reaches torch's own unpickler, inside what looks like a storage."""
    return pickle.dumps(Evil(torch.storage._load_from_bytes, pickle.dumps(evil)), protocol=4)


def test_nothing_but_tensors_is_ever_built(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    evil = Evil(os.mkdir, str(flag))
    cases = {
        "PascalVOC-SP": [pickle.dumps([evil]), pickle.dumps(evil, 2), hidden(evil)],
        "Peptides-func": [written([(evil,)], "pt")],
    }
    for name, contents in cases.items():
        for content in contents:
            record, _ = twin(name, tmp_path, train=content)
            with pytest.raises(ValueError, match="cannot be read as an archive with"):
                loaded(record, tmp_path)
    assert not flag.exists()
    with pytest.raises(FileNotFoundError):  # the pickles are sound otherwise
        pickle.loads(pickle.dumps(Evil(os.mkdir, str(tmp_path / "none" / "flag"))))


def missing_part(record: Record, path: Path) -> None:
    archive(path, record, {"train": written([one(record, 0)], record.options["suffix"])})


def not_an_archive(record: Record, path: Path) -> None:
    path.write_bytes(b"<html>no such file</html>")


@pytest.mark.parametrize("spoil", [missing_part, not_an_archive])
@each_set
def test_damaged_archives_are_named(
    name: str, spoil: Callable[[Record, Path], None], tmp_path: Path
) -> None:
    record, _ = twin(name, tmp_path)
    spoil(record, tmp_path / record.files[0])
    with pytest.raises(ValueError, match=r"cannot be read as an archive with .*; delete it"):
        loaded(record, tmp_path)


def spoiled(name: str, part: str, change: Callable[[list[Any]], Any], root: Path) -> Record:
    record = find(name)
    values = list(one(record, 1))
    content = written([change(values)], record.options["suffix"])
    return replace(twin(name, root, **{part: content})[0], statistics={})


def swapped(values: list[Any], place: int, new: Any) -> tuple[Any, ...]:
    values[place] = new
    return tuple(values)


SPOILED: dict[str, tuple[str, Callable[[list[Any]], Any], str]] = {
    "too few": ("Peptides-func", lambda v: tuple(v[:3]), "graph 0 of val: 4 tensors are needed"),
    "no tensor": ("Peptides-func", lambda v: swapped(v, 0, "x"), "graph 0 of val"),
    "edges": ("PCQM-Contact", lambda v: swapped(v, 2, v[2][:, :3]), "8 rows for 3 edges"),
    "labels": ("PascalVOC-SP", lambda v: swapped(v, 3, v[3][:2]), "2 labels for 4 nodes"),
    "class": ("COCO-SP", lambda v: swapped(v, 3, v[3] * 0 + 12), "12 is none of them"),
    "outside": (
        "Peptides-func",
        lambda v: swapped(v, 2, v[2] + 100),
        "graph 3 of Peptides-func: .*names node",
    ),
    "not finite": (
        "PascalVOC-SP",
        lambda v: swapped(v, 0, v[0] / 0),
        "graph 3 of PascalVOC-SP: data.x is",
    ),
}


@pytest.mark.parametrize("case", sorted(SPOILED))
def test_what_does_not_fit_is_named_with_its_graph(case: str, tmp_path: Path) -> None:
    name, change, message = SPOILED[case]
    record = spoiled(name, "val", change, tmp_path)
    with pytest.raises(ValueError, match=message):
        loaded(record, tmp_path)


@pytest.mark.parametrize("key", ["graphs", "nodes", "rows", "features", "train", "val", "classes"])
def test_other_statistics_than_the_published_are_refused(key: str, tmp_path: Path) -> None:
    record, _ = twin("Peptides-func", tmp_path)
    record = replace(record, statistics={**record.statistics, key: 7})
    with pytest.raises(ValueError, match=rf"has \d+ {key}, but 7 are published"):
        loaded(record, tmp_path)


def test_names_splits_and_features_are_those_of_the_files() -> None:
    assert {"Peptides-func", "COCO-SP"} <= set(datasets.names(task="graph"))
    found = datasets.resolve("peptides_func")
    assert found == {
        "name": "Peptides-func",
        "source": "lrgb",
        "split": "public",
        "features": "atoms",
    }
    with pytest.raises(ValueError, match="unknown split of Peptides-func 'random:0'.*'public'"):
        datasets.resolve("Peptides-func", split="random:0")
    with pytest.raises(ValueError, match="seed=3 has no use .* its split is fixed"):
        datasets.resolve("Peptides-func", seed=3)
    with pytest.raises(ValueError, match="unknown features of Peptides-func 'degrees'"):
        datasets.resolve("Peptides-func", features="degrees")


def test_without_a_checksum_the_first_good_file_is_what_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Downloaded once, noted, and refused when the address gives something else."""
    record, _ = twin("Peptides-func", tmp_path / "served")
    served = (tmp_path / "served" / record.files[0]).read_bytes()
    record, home = replace(record, url="https://example.org/{file}?dl=1"), tmp_path / "home"
    asked: list[str] = []

    def answer(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(served)

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    loaded(record, home)
    file = home / record.files[0]
    note = file.with_name(file.name + sources.NOTE)
    assert note.read_text().strip() == sources.checksum(file)
    loaded(record, home)
    assert asked == ["https://example.org/peptidesfunc.zip?dl=1"]

    file.write_bytes(served + b"\n")
    with pytest.raises(ValueError, match=r"not the file the note \.sha256 beside it knows"):
        loaded(record, home)
    file.unlink()
    served += b"\n"
    with pytest.raises(ValueError, match=r"example\.org.* is not the file the note"):
        loaded(record, home)
    assert not file.exists()


def test_a_bad_first_file_leaves_no_note(tmp_path: Path) -> None:
    record, _ = twin("Peptides-func", tmp_path)
    file = tmp_path / record.files[0]
    with pytest.raises(ValueError, match="are published"):
        loaded(replace(record, statistics={"graphs": 7}), tmp_path)
    assert not file.with_name(file.name + sources.NOTE).exists()


def test_mirrors_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, _ = twin("Peptides-func", tmp_path / "mirror")
    monkeypatch.setenv("GNNLAB_MIRROR", str(tmp_path / "mirror"))
    loading.load_graphs(record, "atoms", "public", None)
    assert [path.suffix for path in (tmp_path / "mirror").rglob("*.*")] == [".zip"]


@pytest.mark.parametrize("size", [0, 1 << 20])  # the compiled unpickler, and Python's
def test_every_kind_of_tensor_pickles_as_the_reader_expects(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What plain pickles of tensors name in this torch is what the unpickler allows."""
    from gnnlab.datasets.files import unpickling
    from gnnlab.datasets.files.unpickling import TENSORS

    monkeypatch.setattr(unpickling, "PLAIN", size)

    named: set[tuple[str, str]] = set()

    class Noting(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            named.add((module, name))
            return super().find_class(module, name)

    for kind in (torch.float16, torch.float32, torch.float64, torch.int64, torch.uint8):
        tensor: Tensor = torch.arange(6).reshape(2, 3).T.to(kind)
        content = pickle.dumps([tensor, OrderedDict()], protocol=4)
        Noting(io.BytesIO(content)).load()
        found = unpickling.unpickle(io.BytesIO(content), TENSORS, "a test")[0]
        assert torch.equal(found, tensor) and found.dtype == kind
    assert named <= set(TENSORS)
