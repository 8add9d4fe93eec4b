"""Saving of trained models: a folder of weights, settings and a model card, whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from gnnlab.core.writing import naming, write_atomically
from gnnlab.tasks.saved.card import written_card
from gnnlab.tasks.saved.file import (
    CARD,
    FORMAT,
    SETTINGS,
    WEIGHTS,
    Inputs,
    Saved,
    Scores,
    encoded,
    versions,
)
from gnnlab.tasks.saved.loading import built_again
from gnnlab.tasks.saved.origin import Origin
from gnnlab.tasks.saved.paths import path_of
from gnnlab.tasks.saved.spelling import Speller, Unwritable, unknown
from gnnlab.tasks.saved.weights import fill, fingerprint, packed, state_of


def save(
    path: str | Path, model: Any, origin: Origin, scores: Scores, run: Mapping[str, Any]
) -> Path:
    """Write a model into a folder; see ``Result.save``.

    Raises:
        ValueError: a part of the model beside its encoder that cannot be built again; a folder that
            holds something else.
        NotWritten: the disk is full, say; what was there stays.
    """
    place = Path(path)
    _check_place(place)
    saved, tensors = _written(model, origin, scores, run)
    content = packed(tensors)
    saved.weights = fingerprint(content)
    files = {WEIGHTS: content, SETTINGS: encoded(saved), CARD: written_card(saved).encode()}
    with naming(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        _put(place, files)
    return place


def _written(
    model: Any, origin: Origin, scores: Scores, run: Mapping[str, Any]
) -> tuple[Saved, dict[str, Tensor]]:
    """What is written: settings, and tensors."""
    tensors = state_of(model)
    inner = Speller()
    encoder = inner.module(model.encoder)
    outer = Speller(model.encoder, inner.tensors)
    told = outer.module(model)
    for cls, why in unknown(told):
        raise ValueError(
            f"the model has a {cls} beside its encoder, and what it was built from is not known"
            f"{f' ({why})' if why else ''}: name it by a class that can be imported, which is "
            "built of the states' width"
        )
    saved = Saved(
        format=FORMAT,
        versions=versions(),
        encoder=encoder,
        model=told,
        frozen=[name for name, one in model.named_parameters() if not one.requires_grad],
        autocast=model.autocast,
        task=_task(outer, origin.task),
        training=_settings(outer, origin.training, "training"),
        before=_settings(outer, list(origin.before), "before"),
        split=origin.split,
        seed=origin.seed,
        kind=origin.said.kind,
        names=list(origin.said.names),
        inputs=Inputs(**{**asdict(origin.inputs), "keys": list(origin.inputs.keys)}),
        scores=scores,
        weights="",
        run=dict(run),
    )
    _try_out(saved, {**tensors, **outer.tensors})
    return saved, {**tensors, **outer.tensors}


def _task(speller: Speller, task: Any) -> Any:
    """The task's settings; its name alone where it is a script's own, say."""
    try:
        return speller.spelled(task)
    except Unwritable as error:
        return {"unknown": path_of(type(task)), "why": str(error)}


def _settings(speller: Speller, value: Any, name: str) -> Any:
    try:
        return speller.spelled(value)
    except Unwritable as error:
        raise ValueError(
            f"{name} has a setting that cannot be saved ({error}): give it by a name, or by a "
            "frozen dataclass or a class of modules that can be imported"
        ) from error


def _try_out(saved: Saved, tensors: Mapping[str, Tensor]) -> None:
    """Build the model again, so that what cannot be loaded is refused before it is relied on.

    An encoder that was changed after it was built is one whose arguments do not tell all.
    """
    if unknown(saved.encoder):
        return
    with torch.random.fork_rng(devices=[]):
        try:
            again = built_again(saved, tensors, None, "the model")
            fill(again, {key: one for key, one in tensors.items() if key[0] != "@"}, "the model")
        except ValueError as error:
            saved.encoder = {"unknown": str(saved.encoder.get("module", "")), "why": str(error)}


def _check_place(place: Path) -> None:
    """Refuse to write over what is no saved model.

    Raises:
        ValueError: it is there.
    """
    if place.is_dir() and any(place.iterdir()) and not (place / SETTINGS).is_file():
        raise ValueError(
            f"{place} is a folder that holds no saved model: name a folder that is empty or not "
            "there"
        )
    if place.exists() and not place.is_dir():
        raise ValueError(f"{place} is a file, but a model is saved into a folder: name another")


def _put(place: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder beside its place, and then give it the name."""
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.part")
    part.mkdir()
    try:
        for name, content in files.items():
            write_atomically(part / name, partial(_write, content))
        if not place.exists():
            os.replace(part, place)
            return
        old = part.with_suffix(".old")
        os.replace(place, old)
        try:
            os.replace(part, place)
        except BaseException:
            os.replace(old, place)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        with suppress(OSError):
            shutil.rmtree(part)


def _write(content: bytes, file: IO[bytes]) -> None:
    file.write(content)
