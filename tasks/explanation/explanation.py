"""Explanation: how much each edge and each feature matters to one prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, shown

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a prediction comes from, as a number for every edge and every feature.

    Larger is more important; methods with a sign say by it whether something speaks for the
    prediction or against it.

    Args:
        edge_mask: (E,), in the order of ``data.edge_index``; 0 where an edge cannot matter. None if
            the method says nothing of edges.
        node_mask: (N, F) of single features, (N, 1) of nodes or (1, F) of columns; None if the
            method says nothing of them.
        data: the graph.
        node: whose prediction it is; None for a whole graph.
        target: the class that is explained, or the column of numbers.
        chance: what the model gives the class on the whole graph; of numbers, the number.
        method: the class that made it, with its settings.
        pair: the two ends of a link whose prediction it is.
    """

    edge_mask: Tensor | None
    node_mask: Tensor | None
    data: Data
    node: int | None = None
    target: int = 0
    chance: float = float("nan")
    method: str = ""
    pair: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        nodes, edges = self.data.num_nodes or 0, self.data.num_edges
        mask = self.edge_mask
        if mask is not None and mask.shape != (edges,):
            raise ValueError(
                f"edge_mask has shape {tuple(mask.shape)}, but the graph has {edges} edges: give "
                "each its number"
            )
        mask = self.node_mask
        if mask is not None and (mask.dim() != 2 or mask.shape[0] not in (1, nodes)):
            raise ValueError(
                f"node_mask has shape {tuple(mask.shape)}, but the graph has {nodes} nodes: give "
                f"({nodes}, F), ({nodes}, 1) or (1, F)"
            )

    def __repr__(self) -> str:
        whom = "the graph" if self.node is None else f"node {self.node}"
        whom = whom if self.pair is None else f"the link {self.pair}"
        masks = {"edge_mask": self.edge_mask, "node_mask": self.node_mask}
        told = ", ".join(f"{k} {tuple(v.shape)}" for k, v in masks.items() if v is not None)
        chance = f"{self.chance:.3g}"
        return f"Explanation of {whom}, class {self.target} ({chance}), by {self.method}: {told}"

    def top(self, count: int) -> Tensor:
        """Return the numbers of the most important edges, the first of them first.

        The two directions of an edge are two edges here; ties go by number.

        Raises:
            ValueError: there is no mask of edges.
        """
        check_count("count", count)
        order = torch.argsort(self.edges(), descending=True, stable=True)
        return order[:count]

    def hard(self, count: int) -> Explanation:
        """Return the explanation in which that many edges are 1 and all others 0."""
        mask = torch.zeros_like(self.edges())
        mask[self.top(count)] = 1
        return replace(self, edge_mask=mask)

    def edges(self) -> Tensor:
        """Return the mask of edges, (E,).

        Raises:
            ValueError: there is none.
        """
        if self.edge_mask is None:
            raise ValueError(
                f"{self.method or 'the explanation'} has no edge_mask: take a method of edges"
            )
        return self.edge_mask

    def subgraph(self, count: int) -> Data:
        """Return the graph of the most important edges alone, with ``edge_mask`` stored in it.

        All nodes stay; edge-wise tensors are cut as PyG cuts them.
        """
        keep = torch.zeros(self.data.num_edges, dtype=torch.bool)
        keep[self.top(count)] = True
        found: Data = self.data.edge_subgraph(keep)
        found.edge_mask = self.edges()[keep]
        return found

    def to_pyg(self) -> Any:
        """Return PyG's ``Explanation`` of the same masks, with the graph in it."""
        from torch_geometric.explain import Explanation as Theirs

        own = {k: v for k, v in self.data.to_dict().items() if not k.endswith("_mask")}
        masks = {"edge_mask": self.edge_mask, "node_mask": self.node_mask}
        own |= {key: mask for key, mask in masks.items() if mask is not None}
        index = None if self.node is None else torch.tensor([self.node])
        return Theirs(**{**own, "index": index, "target": torch.tensor([self.target])})

    @classmethod
    def from_pyg(cls, explanation: Any, node: int | None = None) -> Explanation:
        """Return PyG's ``Explanation`` as one of ours.

        Args:
            explanation: with ``x`` and ``edge_index``, as its ``Explainer`` gives it.
            node: whose prediction it is; by default what its ``index`` says, if that is one node.

        Raises:
            ValueError: it holds no mask of edges and none of nodes.
        """
        from torch_geometric.data import Data

        stored = explanation.to_dict()
        masks = {key: stored.pop(key, None) for key in ("edge_mask", "node_mask")}
        if all(mask is None for mask in masks.values()):
            raise ValueError(
                f"the explanation holds {shown(sorted(stored))} and no mask: give what PyG's "
                "Explainer returns"
            )
        index, target = stored.get("index"), stored.get("target")
        if node is None and index is not None and torch.as_tensor(index).numel() == 1:
            node = int(index)
        where = 0 if node is None else node
        aim = torch.zeros(1) if target is None else torch.as_tensor(target).reshape(-1)
        aim = aim[where] if aim.numel() > where else aim[0]
        graph = {k: v for k, v in stored.items() if k not in ("index", "target", "prediction")}
        return cls(**masks, data=Data(**graph), node=node, target=int(aim), method="PyG")
