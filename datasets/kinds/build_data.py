"""Building of a PyG ``Data`` from tensors: the one place where it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.datasets.values.masks import Masks

if TYPE_CHECKING:
    from torch_geometric.data import Data


def build(
    x: Tensor,
    edge_index: Tensor,
    y: Tensor,
    classes: int,
    masks: Masks,
    name: str,
    **origin: str,
) -> Data:
    """Put one graph together.

    Args:
        x: (N, F) float32; F is 0 where the set has no features.
        edge_index: (2, E) int64.
        y: (N,) int64, -1 where the label is unknown.
        classes: C.
        masks: S splits.
        name: of the set.
        origin: further strings to keep (source, split, raw_hash).
    """
    from torch_geometric.data import Data

    if y.numel() and int(y.max()) >= classes:
        raise ValueError(f"{name} has label {int(y.max())}, but {classes} classes were stated")
    fields: dict[str, Any] = {
        "train_mask": masks.train,
        "val_mask": masks.val,
        "test_mask": masks.test,
        "classes": classes,
        "num_classes": classes,
        "name": name,
        **origin,
    }
    return Data(x=x.float(), edge_index=edge_index, y=y, **fields)
