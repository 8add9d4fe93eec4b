"""Loading of saved models: built anew from their settings, checked, and filled with the weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.devices import check_device
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.saved import origin as origins
from gnnlab.tasks.saved.file import CARD, SETTINGS, WEIGHTS, Saved, read_saved
from gnnlab.tasks.saved.paths import path_of
from gnnlab.tasks.saved.predictor import Predictor
from gnnlab.tasks.saved.spelling import Builder, unknown
from gnnlab.tasks.saved.weights import START, check_fit, fill, read_weights, refuse_pickle
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.training.foreign import adapted

MODELS = (Model, LinkModel, Pretrained)


def load(
    path: str | Path,
    encoder: nn.Module | None = None,
    device: str | torch.device = "cpu",
) -> Predictor:
    """Load a model that ``result.save(path)`` wrote.

    Nothing in the files is run: the weights are safetensors, and the settings name classes that are
    installed. Those are imported, and built of the arguments that the file has.

    Args:
        path: the folder.
        encoder: a module of the class that was trained, which is copied and filled with the
            weights; needed where the file cannot tell what it was built from.
        device: where it goes.

    Raises:
        ValueError: no saved model, one that is cut, of a newer format, of another class, or whose
            weights have other names or shapes; a pickle.
    """
    place, folder = check_device(device), _folder(Path(path))
    saved = read_saved(folder / SETTINGS)
    where = str(folder / SETTINGS)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ValueError(f"{folder} has no {WEIGHTS}, which belongs to {SETTINGS}: copy both")
    tensors = read_weights(weights, saved.weights)
    own = {key: one for key, one in tensors.items() if key[:1] != "@"}
    try:
        with torch.random.fork_rng(devices=[]):
            if encoder is None:
                _check_unbuilt(saved, tensors, own, where)
            model = built_again(saved, tensors, encoder, where)
            origin = _origin(saved, tensors, where)
    except (KeyError, TypeError, AttributeError, RecursionError, IndexError) as error:
        raise ValueError(
            f"{where} holds what gnnlab does not write ({error!r}): copy it again"
        ) from error
    fill(model, own, str(weights))
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in saved.frozen)
    return Predictor(model.to(place).eval(), origin, _card(folder), saved.run)


def _check_unbuilt(
    saved: Saved, tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], where: str
) -> None:
    """Refuse a model that does not fit its weights before memory is taken for it.

    Raises:
        ValueError: as :func:`check_fit`.
    """
    try:
        with torch.device("meta"):  # where tensors have shapes alone
            model = built_again(saved, tensors, None, where)
    except Exception:  # some initialisations need numbers; what is wrong is told when it is built
        return
    check_fit(model, own, where)


def built_again(
    saved: Saved, tensors: Mapping[str, Tensor], given: nn.Module | None, where: str
) -> Any:
    """Return the model, with weights that are still to be filled.

    Raises:
        ValueError: what the settings say does not work here.
    """
    builder = Builder(where, tensors)
    if given is not None:
        builder.encoder = _checked(given, saved, where)
    elif missing := unknown(saved.encoder):
        name, why = missing[0]
        raise ValueError(
            f"{where} is of a {name}, and what it was built from is not known"
            f"{f' ({why})' if why else ''}: build one as it was, and give it to "
            "load(path, encoder=...)"
        )
    else:
        builder.encoder = builder.built(saved.encoder)
    model = builder.built(saved.model)
    if not isinstance(model, MODELS):
        raise ValueError(f"{where} is of a {type(model).__name__}, which is no model of a task")
    if saved.autocast not in (None, "bf16"):
        raise ValueError(f"{where} holds autocast {saved.autocast!r}, which gnnlab does not write")
    model.autocast = cast(Any, saved.autocast)
    return model


def _checked(given: nn.Module, saved: Saved, where: str) -> nn.Module:
    """A copy of the encoder that a user gives, if it is of the class that was saved."""
    if not isinstance(given, nn.Module):
        raise ValueError(
            f"encoder is a {type(given).__name__}, but load takes a module, built as it was"
        )
    tree = saved.encoder.get("adapted", saved.encoder)
    expected, own = str(tree.get("module", tree.get("unknown"))), path_of(type(given))
    if own.rpartition(":")[2] != expected.rpartition(":")[2]:
        raise ValueError(
            f"{where} is of a {expected}, but the encoder is a {own}: give one of the former"
        )
    made = deepcopy(given)
    return adapted(made) if "adapted" in saved.encoder else made


def _origin(saved: Saved, tensors: Mapping[str, Tensor], where: str) -> origins.Origin:
    builder = Builder(where, tensors)
    told = {name: getattr(saved.inputs, name) for name in saved.inputs.__struct_fields__}
    return origins.Origin(
        task=None if unknown(saved.task) else builder.built(saved.task),
        training=builder.built(saved.training),
        split=saved.split,
        seed=saved.seed,
        said=origins.Said(saved.kind, tuple(saved.names)),
        inputs=origins.Inputs(**{**told, "keys": tuple(saved.inputs.keys)}),
        before=tuple(builder.built(saved.before)),
    )


def _folder(path: Path) -> Path:
    """The folder of a saved model.

    Raises:
        ValueError: it is none, with what may be meant.
    """
    if path.is_file():
        if path.name in (WEIGHTS, SETTINGS):
            return path.parent
        with path.open("rb") as file:
            refuse_pickle(path, file.read(START))
        raise ValueError(
            f"{path} is a file, but a model is a folder with {WEIGHTS} and {SETTINGS}: name that"
        )
    if (path / SETTINGS).is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"{path} is not there: name a folder that result.save(path) wrote")
    for other in sorted(path.iterdir()):
        if re.fullmatch(r".*\.(pt|pth|bin|pkl|pickle)", other.name):
            with other.open("rb") as file:
                refuse_pickle(other, file.read(START))
    inside = sorted(str(one.parent) for one in path.glob(f"models/*/{SETTINGS}"))
    way = f"name one of its models, such as {inside[0]}" if inside else "name one that has it"
    raise ValueError(f"{path} has no {SETTINGS}, so it is no saved model: {way}")


def _card(folder: Path) -> str:
    try:
        return (folder / CARD).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
