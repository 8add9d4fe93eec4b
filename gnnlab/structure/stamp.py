"""What tells whether a stored structure belongs to the graph that it lies beside."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

SHORT = 1 << 12
"""Edges' numbers that are copied and hashed at once, since each step more takes a microsecond."""


def stamp(settings: str, *parts: Tensor) -> str:
    """A hash of settings and of dense tensors: the same text for the same bytes.

    Cost:
        reads every byte once.

    Example:
        >>> one, other = torch.tensor([[0], [1]]), torch.tensor([[1], [0]])
        >>> stamp("2", one) == stamp("2", one.clone()), stamp("2", one) == stamp("2", other)
        (True, False)
    """
    if len(parts) == 1 and parts[0].numel() < SHORT and parts[0].dtype is torch.int64:
        edges = parts[0].cpu().numpy()
        return hashlib.sha256(settings.encode() + edges.tobytes()).hexdigest()
    digest = hashlib.sha256(settings.encode())
    for part in parts:
        digest.update(part.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
