"""What plain pickles of tensors name is what the unpickler allows."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import Tensor


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
