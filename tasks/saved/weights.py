"""Weights as safetensors: written from a model's state, and put into a model built anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

PICKLES = (b"\x80", b"PK\x03\x04")
"""How a pickle begins, and a zip file of them, as torch.save writes."""
START = 9
"""Bytes that tell what a file is."""


def state_of(model: nn.Module) -> dict[str, Tensor]:
    """Return the model's state as it is written, on the CPU.

    Raises:
        ValueError: a module keeps something else than dense tensors.
    """
    found = {}
    for name, value in model.state_dict().items():
        if not isinstance(value, Tensor) or value.layout is not torch.strided:
            kind = value.layout if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(
                f"{name} of the model is a {kind}, but dense tensors alone are saved: keep it out "
                "of the module's state"
            )
        found[name] = value.detach().cpu().contiguous()
    return found


def packed(tensors: Mapping[str, Tensor]) -> bytes:
    """Return tensors as the bytes of a safetensors file.

    One that stands under two names, as a parameter that two modules share, is written twice.
    """
    from safetensors.torch import save

    own, seen = {}, set()
    for name, value in tensors.items():
        place = value.untyped_storage().data_ptr()
        own[name] = value.clone() if place in seen else value.contiguous()
        seen.add(place)
    return save(own, {"format": "pt"})


def fingerprint(content: bytes) -> str:
    """What tells that a file is whole, and of this model."""
    return hashlib.sha256(content).hexdigest()


def read_weights(path: Path, expected: str) -> dict[str, Tensor]:
    """Return the tensors of a file.

    Args:
        expected: its fingerprint.

    Raises:
        ValueError: a pickle, of which nothing is run; a file that is cut, or of another model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = path.read_bytes()
    refuse_pickle(path, content[:START])
    try:
        found = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path} is no whole file of safetensors ({error}): copy it again"
        ) from error
    if fingerprint(content) != expected:
        raise ValueError(
            f"{path} is not the file that was written with its model.json: copy both again, from "
            "one model"
        )
    return found


def refuse_pickle(path: Path, start: bytes) -> None:
    """Refuse a file that would run code when it is read.

    Raises:
        ValueError: how it begins.
    """
    # A safetensors file begins with the length of its header, which may be any bytes.
    if start.startswith(PICKLES) and start[START - 1 :] != b"{":
        raise ValueError(
            f"{path} is a pickle, which runs code when it is read, so it is not: load what "
            "result.save(path) wrote, a folder with model.safetensors and model.json"
        )


def fill(model: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Put tensors into a model, in their own precision.

    Raises:
        ValueError: as :func:`check_fit`.
    """
    check_fit(model, tensors, where)
    _convert(model, tensors)
    model.load_state_dict(dict(tensors))


def check_fit(model: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Refuse tensors that are not those of a model.

    Raises:
        ValueError: one is missing, one is too many, or one has another shape.
    """
    own = model.state_dict()
    name = type(getattr(model, "encoder", model)).__name__
    for key in sorted(own.keys() - tensors.keys()):
        raise ValueError(
            f"{where} holds no {key}, which this {name} has ({len(own.keys() - tensors.keys())} "
            "such tensors in all): build the encoder as it was when it was saved"
        )
    for key in sorted(tensors.keys() - own.keys()):
        raise ValueError(
            f"{where} holds {key}, which this {name} has not ({len(tensors.keys() - own.keys())} "
            "such tensors in all): build the encoder as it was when it was saved"
        )
    for key in sorted(tensors):  # a file has them in any order
        here, value = own[key], tensors[key]
        if is_lazy(here):  # a layer that takes its width from what it reads first
            continue
        if here.shape != value.shape:
            raise ValueError(
                f"{where} holds {key} of shape {tuple(value.shape)}, but this {name} has "
                f"{tuple(here.shape)}: build the encoder of the same widths as when it was saved"
            )


def _convert(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give parameters and buffers the types that the file has."""
    for prefix, module in model.named_modules():
        dot = f"{prefix}." if prefix else ""
        for name, parameter in module.named_parameters(recurse=False):
            value = tensors.get(dot + name)
            if value is not None and value.dtype != parameter.dtype:
                parameter.data = parameter.data.to(value.dtype)
        for name, buffer in list(module.named_buffers(recurse=False)):
            value = tensors.get(dot + name)
            if value is not None and value.dtype != buffer.dtype:
                setattr(module, name, buffer.to(value.dtype))
