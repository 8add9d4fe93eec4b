"""Checks of a task's data and encoder: splits, and features that the encoder can read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown

MASKS = ("train_mask", "val_mask", "test_mask")


def rows(data: Any, name: str, split: int, things: str = "node") -> Tensor:
    """Return the numbers of the nodes or graphs that ``data.<name>`` selects in one split, (n,).

    Raises:
        ValueError: no such mask or no such split.
    """
    mask: Tensor | None = getattr(data, name, None)
    if mask is None:
        size = things[0].upper()
        raise ValueError(
            f"data.{name} is missing: {things} prediction needs train_mask, val_mask and "
            f"test_mask, ({size},) or ({size}, S); load the dataset with a split or set them"
        )
    splits = max(_splits(data))
    if isinstance(split, bool) or not isinstance(split, Integral) or not 0 <= split < splits:
        raise ValueError(
            f"split is {shown(split)}, but the masks hold {splits} "
            + (f"splits, numbered 0 to {splits - 1}" if splits > 1 else "split, number 0")
            + ": choose one of these"
        )
    column = mask.reshape(mask.shape[0], -1)
    return column[:, split if column.shape[1] > 1 else 0].nonzero().flatten()


def _splits(data: Any) -> list[int]:
    masks = [getattr(data, name, None) for name in MASKS]
    return [mask.shape[1] if mask.dim() == 2 else 1 for mask in masks if mask is not None]


def check_features(encoder: nn.Module, x: Tensor) -> None:
    """Hold the features against what the encoder says of itself."""
    own = declared(encoder)
    if x.shape[1] == 0 and own.reads_features:
        raise ValueError(
            "data.x has 0 columns, so there is nothing to read: give constant features, for "
            "instance torch.ones(num_nodes, 1), structural ones such as degrees, or learned ones "
            "with layers.NodeEmbedding"
        )
    name, width = type(encoder).__name__, own.in_channels
    if isinstance(width, int) and width not in (-1, x.shape[1]):  # -1: PyG's lazy layers
        raise ValueError(
            f"{name}.in_channels is {width}, but data.x has {x.shape[1]} columns: build it with "
            "in_channels=data.num_features"
        )
    types = {p.dtype for p in encoder.parameters() if p.is_floating_point()}
    if types and x.dtype not in types:
        raise ValueError(
            f"data.x is {x.dtype}, but the parameters of {name} are {types.pop()}: convert one, "
            "for instance with data.x.float()"
        )


def warn_of_codes(encoder: nn.Module, sizes: Sequence[int]) -> None:
    """Warn where codes of categories, with so many values a column, are read as numbers."""
    if not sizes or not declared(encoder).reads_features:
        return
    tables = {m.num_embeddings for m in encoder.modules() if isinstance(m, nn.Embedding)}
    if sizes[0] not in tables:
        warnings.warn(
            f"the columns of data.x are codes of {tuple(sizes)} categories, but "
            f"{type(encoder).__name__} reads them as numbers: build it as layers.WithInputs("
            "data.num_features, [layers.NodeCategories(data.x_sizes, channels)], make)",
            stacklevel=6,
        )
