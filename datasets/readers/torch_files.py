"""Files that ``torch.save`` wrote, read without building anything but tensors."""

from __future__ import annotations

import io
import pickletools
import zipfile
from typing import Any

import torch

SMALL = 1 << 20
"""Bytes of pickles that are gone through before torch reads them."""
LONGEST_NAME = 200
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
    """Refuse a damaged pickle that names something very long.

    Of such a name torch makes a message that it searches for as long as its length squared.
    """
    if zipfile.is_zipfile(content):
        with zipfile.ZipFile(content) as archive:
            names = [name for name in archive.namelist() if name.endswith("data.pkl")]
            pickles = [io.BytesIO(archive.read(name)) for name in names]
    else:
        content.seek(0)
        pickles = [content] * PICKLES
    for file in pickles:
        if len(file.getbuffer()) > SMALL:
            continue
        for _, argument, place in pickletools.genops(file):
            if isinstance(argument, str) and len(argument) > LONGEST_NAME:
                raise ValueError(f"a name of {len(argument):,} characters at byte {place}")
