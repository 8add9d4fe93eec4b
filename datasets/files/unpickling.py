"""Unpickling of public data sets, restricted to the classes that such files hold."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from gnnlab.datasets.files.torch_files import load_tensors

Allowed = Mapping[tuple[str, str], Any]

RECONSTRUCT: Any = np.empty(0).__reduce__()[0]
PLAIN = 16 << 20
"""Bytes up to which a pickle is read by Python's own unpickler. The compiled one, which is faster,
makes a table of 64 GB where a damaged pickle counts what it stored from 2^32."""
MAIN_ARRAY = object()
"""Stands for the type of arrays, which a damaged pickle could call with a shape of its own."""


def _empty(kind: object, shape: tuple[int, ...], code: bytes) -> np.ndarray:
    """An array without entries, as all pickled ones begin; their shape follows with their bytes."""
    if kind is not MAIN_ARRAY or tuple(shape) != (0,):
        raise pickle.UnpicklingError("an array does not begin as pickled arrays do")
    array: np.ndarray = RECONSTRUCT(np.ndarray, (0,), code)
    return array


ARRAYS: Allowed = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): MAIN_ARRAY,
    ("numpy.core.multiarray", "_reconstruct"): _empty,
    ("numpy._core.multiarray", "_reconstruct"): _empty,
}
"""What numpy's arrays name: of all versions of numpy."""


def unpickle(file: io.BytesIO, allowed: Allowed, told: str, **options: Any) -> Any:
    """Unpickle what names nothing but what is allowed.

    Args:
        file: to read.
        allowed: what (module, name) stands for.
        told: whose files these are, for the message.
        options: of the unpickler, such as an encoding.

    Raises:
        Exception: nearly anything, where the pickle is damaged.
    """
    small = len(file.getbuffer()) <= PLAIN
    return (_Plain if small else _Compiled)(file, allowed, told, **options).load()


class _Allowing:
    """Finds every global that is allowed, and refuses all others."""

    def __init__(self, file: io.BytesIO, allowed: Allowed, told: str, **options: Any) -> None:
        super().__init__(file, **options)  # type: ignore[call-arg]
        self.allowed, self.told = allowed, told

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, which no file of {self.told} does"
            ) from None


class _Plain(_Allowing, pickle._Unpickler):
    """In Python."""


class _Compiled(_Allowing, pickle.Unpickler):
    """In C."""


def _storage(content: bytes) -> Any:
    """Stands in for torch's ``_load_from_bytes``, which would unpickle anything."""
    return load_tensors(io.BytesIO(content))


TENSORS: Allowed = {
    **ARRAYS,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch.storage", "_load_from_bytes"): _storage,
}
"""What plain pickles of torch's tensors name, and of numpy's arrays beside them."""
