"""Recommended partners: the most probable new links of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.core.arguments import check_count
from gnnlab.ops import Adjacency
from gnnlab.tasks.link.model import LinkModel

if TYPE_CHECKING:
    import pandas as pd
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False)
class Partners:
    """The best partners of nodes.

    Shapes:
        nodes (Q,), partners (Q, k) int64, -1 where there are fewer; values (Q, k) probabilities,
        falling, nan there; k is N at the most
    """

    nodes: Tensor
    partners: Tensor
    values: Tensor

    def table(self) -> pd.DataFrame:
        """Return a row for each node and partner, the best first."""
        import pandas as pd

        there = self.partners >= 0
        places = there.nonzero()[:, 0]
        return pd.DataFrame(
            {
                "node": self.nodes[places].tolist(),
                "partner": self.partners[there].tolist(),
                "p(link)": self.values[there].tolist(),
            }
        )

    def __repr__(self) -> str:
        return f"Partners({len(self.nodes)} nodes, {self.partners.shape[1]} each)"


def best_partners(
    model: LinkModel, data: Data, nodes: Tensor | Sequence[int] | None, k: int, chunk: int
) -> Partners:
    """Score each node with all others and keep the k best; see ``Predictor.recommend``."""
    check_count("k", k)
    count = int(data.x.shape[0])
    given = _checked(nodes, count)
    asked, place = torch.unique(given, return_inverse=True)
    h = model.states(data)
    adj = Adjacency.of(data.edge_index, count)
    found, rows = [], max(1, chunk // count)
    for part in torch.split(asked.to(h.device), rows):
        scores = _scores(model, h, data, part, adj)
        scores[torch.arange(len(part), device=h.device), part] = -torch.inf
        places, known = _neighbours(data.edge_index, part, count)
        scores[places, known] = -torch.inf
        found.append(scores.topk(min(k, count), dim=1))
    logits = torch.cat([one.values for one in found]).cpu()
    partners = torch.cat([one.indices for one in found]).cpu()
    there = logits > -torch.inf
    values = logits.sigmoid().where(there, torch.nan)
    return Partners(given, partners.where(there, -1)[place], values[place])


def _checked(nodes: Tensor | Sequence[int] | None, count: int) -> Tensor:
    """Node numbers as a tensor, (Q,)."""
    if nodes is None:
        return torch.arange(count)
    found = torch.as_tensor(nodes)
    if found.layout is not torch.strided or found.is_meta:
        raise ValueError(
            f"nodes is {found.layout} on {found.device}, but node numbers are a dense tensor (Q,): "
            "take .to_dense()"
        )
    found = found.cpu()
    if found.dim() != 1 or found.is_floating_point() or found.dtype is torch.bool or not len(found):
        raise ValueError(
            f"nodes is {tuple(found.shape)} of {found.dtype}, but node numbers are asked for: give "
            "whole numbers (Q,)"
        )
    wrong = found[(found < 0) | (found >= count)]
    if len(wrong):
        raise ValueError(
            f"nodes names node {int(wrong[0])}, but the graph has {count}, numbered 0 to "
            f"{count - 1}: leave it out"
        )
    return found.long()


def _scores(model: LinkModel, h: Tensor, data: Data, part: Tensor, adj: Adjacency) -> Tensor:
    """Logits of some nodes with all, (q, N)."""
    factors = model.factors(h)
    if factors is not None:
        return factors[part] @ factors.T
    nodes = torch.arange(len(h), device=h.device)
    pairs = torch.stack([part.repeat_interleave(len(nodes)), nodes.repeat(len(part))])
    return model.score(h, data, pairs, adj).reshape(len(part), -1)


def _neighbours(edge_index: Tensor, part: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Which row of a part is joined to which node, by an edge of either direction."""
    place = part.new_full((count,), -1)
    place[part] = torch.arange(len(part), device=part.device)
    ends = torch.cat([edge_index, edge_index.flip(0)], dim=1)
    own = ends[:, place[ends[0]] >= 0]
    return place[own[0]], own[1]
