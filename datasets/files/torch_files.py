"""Torch files, written by ``torch.save``: read without building anything but tensors."""

from __future__ import annotations

import io
import pickletools
import zipfile
from typing import Any

import torch

SMALL = 1 << 20
"""Bytes of pickles that are gone through before torch reads them."""
LONGEST_NAME = 200
ENCODED = {(name, "TUPLE2", "REDUCE") for name in ("BINUNICODE", "BINGET", "LONG_BINGET")}
"""What follows the numbers of an array: the encoding's name, and the call with both."""
Step = tuple[pickletools.OpcodeInfo, Any, int | None]
PICKLES = 4
"""In torch's older format: a magic number, a version, the machine, and the object."""


def load_tensors(content: io.BytesIO) -> Any:
    """Load what ``torch.save`` wrote, in either of its formats.

    Raises:
        Exception: nearly anything, where the file is damaged.
    """
    _check_names(content)
    content.seek(0)
    return torch.load(content, map_location="cpu", weights_only=True)


def _check_names(content: io.BytesIO) -> None:
    """Refuse a damaged pickle that names something very long."""
    if zipfile.is_zipfile(content):
        with zipfile.ZipFile(content) as archive:
            names = [name for name in archive.namelist() if name.endswith("data.pkl")]
            pickles = [io.BytesIO(archive.read(name)) for name in names]
    else:
        content.seek(0)
        pickles = [content] * PICKLES
    for file in pickles:
        if len(file.getbuffer()) <= SMALL:
            _check_strings(list(pickletools.genops(file)))


def _check_strings(steps: list[Step]) -> None:
    """Refuse a long string that might be called, or be the name of what is.

    Of such a name torch makes a message that it searches for as long as its length squared. The
    numbers of an array are a long string too: they are encoded on the spot, and that alone.
    """
    calls = [step for step in steps if "PUT" not in step[0].name]
    following = zip(calls, calls[1:], calls[2:], calls[3:], strict=False)
    numbers = {
        place
        for (kind, _, place), *then in following
        if kind.name == "BINUNICODE" and tuple(step[0].name for step in then) in ENCODED
    }
    kept: dict[Any, int] = {}  # the lengths of the strings that may be asked for again
    last = 0
    for kind, argument, place in steps:
        if "PUT" in kind.name:
            kept[argument] = last
            continue
        text = isinstance(argument, str)
        last = len(argument) if text else kept.get(argument, 0) if "GET" in kind.name else 0
        if last > LONGEST_NAME and place not in numbers:
            raise ValueError(f"a name of {last:,} characters at byte {place}")
