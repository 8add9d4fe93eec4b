"""Readouts: pooling of the states of a graph's nodes into one row for the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor, nn

from gnnlab.contracts.built import Remembering
from gnnlab.core.arguments import shown
from gnnlab.ops import segment_reduce

if TYPE_CHECKING:
    from torch_geometric.data import Batch

Pooling = Literal["attention", "max", "mean", "root", "set2set", "sort", "sum"]


class Readout(Remembering):
    r"""Pool the rows of every graph's nodes, :math:`r_g = \operatorname{reduce}_{i \in g} h_i`.

    Args:
        pooling: ``"mean"``, ``"sum"`` or ``"max"``; a graph without a node gets 0. ``"root"`` reads
            the one node of each graph that ``data.root_index`` (1,) names.

    Shapes:
        h (N, H), a batch of B graphs -> (B, H)

    Raises:
        ValueError: another pooling, or roots to be read where there are none.
    """

    def __init__(self, pooling: Pooling = "mean") -> None:
        super().__init__()
        check_pooling(pooling)
        if pooling in LEARNED:
            raise ValueError(f"readout {pooling!r} has parameters: build it with make_readout")
        self.pooling = pooling

    def width(self, channels: int) -> int:
        """Return how wide a graph's row is."""
        return channels

    def forward(self, h: Tensor, data: Batch) -> Tensor:
        if self.pooling != "root":
            return segment_reduce(h, data.batch, data.num_graphs, self.pooling)
        roots = getattr(data, "root_index", None)
        if not isinstance(roots, Tensor) or roots.shape != (data.num_graphs,):
            found = "missing" if roots is None else f"of shape {tuple(roots.shape)}"
            raise ValueError(
                f"data.root_index is {found}, but readout 'root' reads one node of each of the "
                f"{data.num_graphs} graphs: set it to int64 (1,) on every graph"
            )
        return h.index_select(0, roots)

    def extra_repr(self) -> str:
        return self.pooling


LEARNED: tuple[Pooling, ...] = ("attention", "set2set", "sort")
"""Readouts whose rows depend on parameters, or are wider than the states."""


def check_pooling(pooling: Any) -> None:
    """Refuse a name that is no readout's.

    Raises:
        ValueError: with all of them.
    """
    if pooling not in get_args(Pooling):
        choices = ", ".join(get_args(Pooling))
        raise ValueError(f"readout is {shown(pooling)}, which is none of {choices}: take one")


def make_readout(pooling: Pooling, channels: int, dtype: torch.dtype | None = None) -> nn.Module:
    """Build the readout of that name for states of H channels; its ``width`` says how wide it is.

    Raises:
        ValueError: another name.
    """
    from gnnlab.tasks.graph import learned_readout as learned

    check_pooling(pooling)
    if pooling not in LEARNED:
        return Readout(pooling)
    classes: dict[str, type[nn.Module]] = {
        "attention": learned.AttentionReadout,
        "set2set": learned.Set2Set,
        "sort": learned.SortReadout,
    }
    return classes[pooling](channels).to(dtype)


def check_root(data: Any) -> None:
    """Refuse a graph without a node to read.

    Raises:
        ValueError: ``data.root_index`` is missing, of another shape, or names no node.
    """
    root, nodes = getattr(data, "root_index", None), data.num_nodes
    if not isinstance(root, Tensor) or root.shape != (1,) or root.dtype != torch.int64:
        raise ValueError(
            f"data.root_index is {shown(root)}, but readout 'root' reads one node of every graph: "
            "set it to its number, int64 (1,), or take readout='mean'"
        )
    if not 0 <= int(root) < nodes:
        raise ValueError(f"data.root_index is {int(root)}, but nodes run from 0 to {nodes - 1}")
