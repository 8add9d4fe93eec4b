"""Arrays of numpy on the memory of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[Any]


def array(tensor: torch.Tensor) -> Array:
    """The tensor's memory as a C-contiguous numpy array; bfloat16 as uint16, bit by bit."""
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.view(torch.uint16)
    return np.asarray(tensor.detach().contiguous().numpy(force=True))  # which resolves lazy signs
