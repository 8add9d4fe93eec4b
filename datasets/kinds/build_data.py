"""Building of a PyG ``Data`` from tensors: the one place where it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from gnnlab.contracts.data import MASKS
from gnnlab.datasets.values.masks import Masks

if TYPE_CHECKING:
    from torch_geometric.data import Data


def build(
    x: Tensor,
    edge_index: Tensor,
    y: Tensor | None,
    classes: int,
    masks: Masks | None,
    name: str,
    **more: Any,
) -> Data:
    """Put one graph together.

    Args:
        x: (N, F) float32; F is 0 where the set has no features.
        edge_index: (2, E) int64.
        y: (N,) int64, -1 where the label is unknown; (N,) or (N, T) floating where there are no
            classes; None where there are no targets.
        classes: C, or 0 where there are none.
        masks: S splits, or None.
        name: of the set.
        more: further keys (source, split, raw_hash; what edges and nodes have).
    """
    from torch_geometric.data import Data

    if classes and y is not None and y.numel() and int(y.max()) >= classes:
        raise ValueError(f"{name} has label {int(y.max())}, but {classes} classes were stated")
    fields: dict[str, Any] = {}
    if masks is not None:
        fields = dict(zip(MASKS, (masks.train, masks.val, masks.test), strict=True))
    if classes:
        fields |= {"classes": classes, "num_classes": classes}
    return Data(x=x.float(), edge_index=edge_index, y=y, **fields, name=name, **more)
