"""Parts of a link split: the pairs of training, validation and test, before their checks."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

PARTS = ("train", "valid", "test")
KINDS = ("positive", "negative")


@dataclass(frozen=True, eq=False)
class LinkParts:
    """The fields of a :class:`gnnlab.tasks.LinkSplit`, which says what they mean and checks them.

    What draws or reads a split returns these, so that it needs not know the split.
    """

    num_nodes: int
    message_edge_index: Tensor
    train_positive: Tensor
    train_negative: Tensor
    valid_positive: Tensor
    valid_negative: Tensor
    test_positive: Tensor
    test_negative: Tensor
    undirected: bool = True
    valid_as_input: bool = False
    as_published: bool = False
    kinds: Tensor | None = None
