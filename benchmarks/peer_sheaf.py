"""Sheaf diffusion as its release lays it out: one sparse matrix of scalars is put together and
multiplied in every layer, and the learner reads both ends of every edge side by side.

Written from the published formulas for orthogonal maps, on plain torch. What the graph alone
decides (where the entries of the matrix lie) is found once, as in the release.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers


class Scalars(nn.Module):
    """The model of a ``SheafDiffusion`` with orthogonal maps and its weights, for one graph."""

    def __init__(self, twin: layers.SheafDiffusion, data: Data) -> None:
        super().__init__()
        self.twin = twin
        self.dim, self.channels = twin.stalk_dim, twin.channels
        self.edges = data.edge_index
        row, col = self.edges
        number = {pair: e for e, pair in enumerate(zip(row.tolist(), col.tolist(), strict=True))}
        lower = row > col
        self.left = lower.nonzero().flatten()
        self.right = torch.tensor([number[int(col[e]), int(row[e])] for e in self.left])
        self.degree = torch.bincount(row, minlength=data.num_nodes)
        self.places = self._places(row[lower], col[lower], data.num_nodes)

    def _places(self, row: Tensor, col: Tensor, nodes: int) -> Tensor:
        """Rows and columns of the entries: below the diagonal, above it, on it."""
        d, one = self.dim, torch.arange(self.dim)
        i = (row[:, None, None] * d + one[:, None]).expand(-1, d, d).reshape(-1)
        j = (col[:, None, None] * d + one).expand(-1, d, d).reshape(-1)
        on = torch.arange(nodes * d)
        return torch.stack([torch.cat([i, j, on]), torch.cat([j, i, on])])

    def forward(self, data: Data) -> Tensor:
        twin = self.twin
        x = twin.embed(data.x).reshape(-1, self.channels)
        for number, step in enumerate(twin.steps):
            matrix = self.laplacian(twin.learners[number].maps.weight, x)
            h = step.left @ step.dropout(x).reshape(-1, self.dim, self.channels)
            h = F.linear(h.reshape(-1, self.channels), step.right)
            gathered = h.index_select(0, self.places[1]) * matrix[:, None]
            place = self.places[0][:, None].expand_as(gathered)
            moved = F.elu(torch.zeros_like(h).scatter_add(0, place, gathered))
            x = (1 + step.epsilon.tanh()).tile(data.num_nodes, 1) * x - moved
        out: Tensor = twin.output(x.reshape(data.num_nodes, -1))
        return out

    def laplacian(self, weight: Tensor, x: Tensor) -> Tensor:
        """The values of the entries."""
        x = x.reshape(len(self.degree), -1)
        row, col = self.edges
        ends = torch.cat([x.index_select(0, row), x.index_select(0, col)], dim=1)
        maps = householder(F.linear(ends, weight).tanh(), self.dim)
        lower = -torch.bmm(maps.index_select(0, self.left).mT, maps.index_select(0, self.right))
        root = (self.degree + 1).to(x.dtype).rsqrt()
        ends_root = root[row[self.left]] * root[col[self.left]]
        lower = (ends_root[:, None, None] * lower).reshape(-1)
        diagonal = (root.square() * self.degree)[:, None].expand(-1, self.dim).reshape(-1)
        return torch.cat([lower, lower, diagonal])


def householder(parameters: Tensor, dim: int) -> Tensor:
    """The products of reflections, by LAPACK."""
    places = [(j, i) for i in range(dim) for j in range(i + 1, dim)]
    row, col = torch.tensor(places).T
    v = torch.eye(dim, dtype=parameters.dtype).repeat(len(parameters), 1, 1)
    v = v.index_put((torch.arange(len(v))[:, None], row, col), parameters)
    return torch.linalg.householder_product(v, 2 / v.square().sum(1))
