"""Files that are no saved model, or another one's: refused in a sentence, and nothing is run."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from asking import all_cases, trained
from safetensors.torch import load_file, save_file
from torch import nn
from torch_geometric.nn import GAT, GCN

from gnnlab import layers, load
from gnnlab.tasks import LinkPrediction, NodeClassification
from gnnlab.tasks.saved.weights import fingerprint

CASE = all_cases()["nodes of one graph"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = trained(CASE, layers.GCN(4, 8, 2))
    return result.save(tmp_path_factory.mktemp("saved") / "model")


class Runs:
    """What a pickle of it does when it is read: it makes a folder."""

    def __init__(self, place: Path) -> None:
        self.place = str(place)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.place,)


def copied(model: Path, place: Path) -> Path:
    return Path(shutil.copytree(model, place / "model"))


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change what model.json holds."""
    path = folder / "model.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    return folder


def with_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> Path:
    """Change the tensors, and the fingerprint with them."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    weights = fingerprint(path.read_bytes())
    return changed(folder, lambda told: told.update(weights=weights))


def refused(folder: Any, words: str, **settings: Any) -> None:
    with pytest.raises(ValueError) as caught:
        load(folder, **settings)
    text = str(caught.value)
    assert words in text and "\n" not in text, text


@pytest.mark.parametrize("write", [pickle.dumps, "zip"])
def test_a_pickle_is_not_read(model: Path, tmp_path: Path, write: Any) -> None:
    folder, place = copied(model, tmp_path), tmp_path / "run"
    weights = folder / "model.safetensors"
    if write == "zip":
        torch.save(Runs(place), weights)
    else:
        weights.write_bytes(write(Runs(place), 4))
    for given in (folder, weights):
        refused(given, "is a pickle, which runs code when it is read")
    shutil.move(weights, tmp_path / "other.pt")
    refused(tmp_path / "other.pt", "is a pickle")
    refused(tmp_path, "is a pickle")
    assert not place.exists()


def test_a_header_that_begins_like_a_pickle_is_none(model: Path, tmp_path: Path) -> None:
    """It begins with its length: 0x280 bytes are \\x80\\x02, as pickles of protocol 2 have it."""
    folder = copied(model, tmp_path)
    path = folder / "model.safetensors"
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    longer = (size // 256 + 1) * 256 + 128
    header = content[8 : 8 + size] + b" " * (longer - size)
    path.write_bytes(longer.to_bytes(8, "little") + header + content[8 + size :])
    assert path.read_bytes()[:1] == b"\x80"
    weights = fingerprint(path.read_bytes())
    assert load(changed(folder, lambda told: told.update(weights=weights))).task


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_file(model: Path, tmp_path: Path, name: str, share: float) -> None:
    path = copied(model, tmp_path) / name
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path.parent, "copy it again")


def test_weights_of_another_model(model: Path, tmp_path: Path) -> None:
    other = trained(CASE, layers.GCN(4, 8, 2), lr=0.1).save(tmp_path / "other")
    folder = copied(model, tmp_path)
    shutil.copy(other / "model.safetensors", folder / "model.safetensors")
    refused(folder, "is not the file that was written with its model.json")
    (folder / "model.safetensors").unlink()
    refused(folder, "has no model.safetensors")


def test_a_newer_format(model: Path, tmp_path: Path) -> None:
    newer = {"format": 2, "versions": {"gnnlab": "9.1"}, "what": 1}
    refused(changed(copied(model, tmp_path), lambda told: told.update(newer)), "gnnlab 9.1 wrote")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("os:system", "is no class of modules"),
        ("subprocess:Popen", "is no class of modules"),
        ("gnnlab.nowhere:GCN", "cannot be imported here"),
        ("__main__:GCN", "which no import finds"),
        ("os.system('x'):GCN", "which no import finds"),
        ("gnnlab.layers:GAT", "which this GAT has"),
    ],
)
def test_another_class_in_the_file(model: Path, tmp_path: Path, path: str, words: str) -> None:
    folder = changed(copied(model, tmp_path), lambda told: told["encoder"].update(module=path))
    refused(folder, words)


def test_no_function_but_an_activation_is_taken_from_a_file(model: Path, tmp_path: Path) -> None:
    folder = copied(model, tmp_path)
    call = {"function": "os:system"}
    refused(changed(folder, lambda t: t["encoder"]["settings"].update(x=call)), "activations alone")
    call = {"partial": call, "arguments": ["true"], "settings": {}}
    refused(changed(folder, lambda t: t["encoder"]["settings"].update(x=call)), "activations alone")


@pytest.mark.parametrize("wrong", [{"odd": 1}, {"tuple": 3}, {"float": "x"}, {"tensor": "@9"}])
def test_what_we_do_not_write(model: Path, tmp_path: Path, wrong: Any) -> None:
    folder = changed(copied(model, tmp_path), lambda t: t["encoder"]["arguments"].append(wrong))
    with pytest.raises(ValueError, match=r"model\.json"):
        load(folder)


def test_another_width(model: Path, tmp_path: Path) -> None:
    folder = changed(copied(model, tmp_path), lambda t: t["encoder"].update(arguments=[5, 8, 2]))
    refused(folder, "of shape (8, 4), but this GCN has (8, 5)")
    refused(model, "of shape (8, 4), but this GCN has (8, 5)", encoder=layers.GCN(5, 8, 2))
    # One that would take 4 TB is refused before it is built.
    huge = {"module": "torch.nn:Linear", "arguments": [10**6, 10**6], "settings": {}}
    folder = copied(model, tmp_path / "huge")
    refused(changed(folder, lambda told: told["model"]["arguments"].__setitem__(0, huge)), "Linear")
    refused(model, "is of a gnnlab.layers:GCN, but the encoder is a", encoder=layers.GAT(4, 8, 2))


def test_missing_and_unexpected_tensors(model: Path, tmp_path: Path) -> None:
    folder = copied(model, tmp_path)
    refused(with_weights(folder, lambda own: own.update(more=torch.ones(1))), "has not (1 such")
    with_weights(folder, lambda own: (own.pop("more"), own.pop("head.bias")))
    refused(folder, "holds no head.bias, which this GCN has (1 such")


def test_no_saved_model(tmp_path: Path) -> None:
    refused(tmp_path / "none", "is not there")
    refused(tmp_path, "so it is no saved model")
    (tmp_path / "notes.txt").write_text("x")
    refused(tmp_path / "notes.txt", "is a file, but a model is a folder")
    result = trained(CASE, layers.GCN(4, 8, 2))
    with pytest.raises(ValueError, match="a folder that holds no saved model"):
        result.save(tmp_path)
    with pytest.raises(ValueError, match="is a file"):
        result.save(tmp_path / "notes.txt")
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]


def test_a_foreign_module_is_given_again_or_was_built_by_what_is_known(tmp_path: Path) -> None:
    result = trained(CASE, GCN(4, 8, 2))
    folder = result.save(tmp_path / "given")
    refused(folder, "what it was built from is not known")
    refused(folder, "but the encoder is a", encoder=GAT(4, 8, 2))
    refused(folder, "of shape (8,), but this GCN has (9,)", encoder=GCN(4, 9, 2))
    loaded = load(folder, encoder=GCN(4, 8, 2))
    known = trained(CASE, partial(GCN, 4, 8, 2))
    again = load(known.save(tmp_path / "known"))
    outputs = [one.predict(CASE.data).outputs for one in (result, loaded, known, again)]
    assert all(torch.equal(outputs[0], other) for other in outputs[1:])


class Local(nn.Module):
    """A head that was built by hand, so that what it was built from is not known."""

    def forward(self, h: Any, adj: Any, pairs: Any) -> Any:
        return (h[pairs[0]] * h[pairs[1]]).sum(1)


def test_a_part_that_cannot_be_built_again_is_refused_when_it_is_saved(tmp_path: Path) -> None:
    case = all_cases()["links of one graph"]
    result = trained(
        type(case)(LinkPrediction(head=Local()), case.data, case.score),
        layers.GCN(case.features, 8, 2),
    )
    with pytest.raises(ValueError, match="Local beside its encoder"):
        result.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_was_changed_by_hand_has_to_be_given(tmp_path: Path) -> None:
    encoder: Any = layers.GCN(4, 8, 2)
    encoder.more = nn.Linear(2, 2)
    folder = trained(CASE, encoder).save(tmp_path / "model")
    refused(folder, "what it was built from is not known")
    assert load(folder, encoder=encoder).task == NodeClassification(class_weights=[1.0, 5.0, 2.0])
