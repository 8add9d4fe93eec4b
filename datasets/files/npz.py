"""npz archives of NumPy, read without unpickling anything."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import numpy as np

from gnnlab.datasets.files.bounds import member
from gnnlab.datasets.files.damage import Damaged, parsing


def load_npz(path: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Read named arrays of an archive; pickled objects are refused.

    Raises:
        ValueError: not an archive, a damaged one, or one without these arrays.
    """
    kind = "an .npz archive"
    with parsing(kind, [path]):
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
        if absent := [key for key in keys if key not in names]:
            raise Damaged(f"{path} has no array {absent[0]!r}; it has {names}")
        return {key: _array(member(path, f"{key}.npy"), key) for key in keys}


def _array(content: io.BytesIO, key: str) -> np.ndarray:
    """Read one array, after its header and its size were compared."""
    version = np.lib.format.read_magic(content)
    header = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        header = np.lib.format.read_array_header_2_0
    shape, _, dtype = header(content)
    here = len(content.getbuffer()) - content.tell()
    if not dtype.hasobject and dtype.itemsize * math.prod(shape) != here:
        raise ValueError(f"{key} is said to be {dtype} of shape {shape}, but has {here} bytes")
    content.seek(0)
    array: np.ndarray = np.lib.format.read_array(content, allow_pickle=False)
    return array
