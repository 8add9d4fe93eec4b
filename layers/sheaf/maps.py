"""Restriction maps of a sheaf: learned from the ends of an edge, random, or the identity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from gnnlab.layers.parts.orthogonal import Kind, count_parameters, transport
from gnnlab.layers.sheaf.laplacian import Sheaf
from gnnlab.layers.sheaf.undirected_edges import Pairs
from gnnlab.ops import edge_sum, gather, linear

Maps = Literal["diag", "orthogonal", "general", "identity", "random"]
MAPS = ("diag", "orthogonal", "general", "identity", "random")


class MapBuilder(ABC):
    """How many numbers a restriction map has, and the sheaf that the numbers make."""

    parameters: int

    @abstractmethod
    def sheaf(self, own: Tensor, other: Tensor, pairs: Pairs, weight: Tensor | None) -> Sheaf:
        """Build the sheaf from the numbers of the maps at both ends of every pair.

        Shapes:
            own (P, m) at the target, other (P, m) at the source, weight (P,)
        """


class Diagonal(MapBuilder):
    """One number for each dimension of a stalk."""

    def __init__(self, dim: int) -> None:
        self.parameters = dim

    def sheaf(self, own: Tensor, other: Tensor, pairs: Pairs, weight: Tensor | None) -> Sheaf:
        left, right = weighted(own, weight), weighted(other, weight)
        degree = edge_sum(left * own, pairs.adj) + edge_sum(right * other, pairs.adj, "source")
        return Sheaf(pairs.adj, left * other, degree)


class General(MapBuilder):
    """A full matrix."""

    def __init__(self, dim: int) -> None:
        self.dim, self.parameters = dim, dim * dim

    def sheaf(self, own: Tensor, other: Tensor, pairs: Pairs, weight: Tensor | None) -> Sheaf:
        left, right = (p.reshape(-1, self.dim, self.dim) for p in (own, other))
        heavy = weighted(left, weight)
        at_target = edge_sum(heavy.mT @ left, pairs.adj)
        at_source = edge_sum(weighted(right, weight).mT @ right, pairs.adj, "source")
        return Sheaf(pairs.adj, heavy.mT @ right, at_target + at_source)


class Orthogonal(MapBuilder):
    """An orthogonal matrix: the diagonal of the Laplacian is a multiple of the identity."""

    def __init__(self, dim: int, kind: Kind) -> None:
        self.dim, self.kind = dim, kind
        self.parameters = count_parameters(dim, kind)

    def sheaf(self, own: Tensor, other: Tensor, pairs: Pairs, weight: Tensor | None) -> Sheaf:
        carried = transport(own, other, self.dim, self.kind)
        degree = pairs._replace(weight=weight).degree(own.dtype)
        return Sheaf(pairs.adj, weighted(carried, weight), degree)


def trivial(pairs: Pairs, dtype: torch.dtype) -> Sheaf:
    """Identity maps: the sheaf Laplacian is the graph Laplacian in every channel."""
    weight = None if pairs.weight is None else pairs.weight.to(dtype)
    return Sheaf(pairs.adj, weight, pairs.degree(dtype))


class Ends(nn.Module):
    """A Linear without bias on what the two ends of an edge hold, side by side."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, 2 * width))
        self.reset_parameters()

    def forward(self, h: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
        return read(self.weight, h, pairs)

    def reset_parameters(self) -> None:
        bound = self.weight.shape[1] ** -0.5  # as nn.Linear draws
        nn.init.uniform_(self.weight, -bound, bound)


class SheafLearner(nn.Module):
    r"""Learn the restriction maps of every edge from what its ends hold.

    .. math:: F_{v,e} = \Phi(\tanh(W_1 x_v + W_2 x_u)), \quad e = \{u, v\}

    One Linear on :math:`[x_v, x_u]`, computed in two halves at the nodes, so that m numbers and
    not 2 d C are read for every edge. Optionally every edge also gets a weight
    :math:`(\sigma(a_{vu}) \sigma(a_{uv}))^2` with another such Linear a.

    Args:
        stalks: d, dimensions of a node's stalk, extra channels included.
        channels: C.
        maps: ``diag``, ``orthogonal`` or ``general``: what Phi makes of the m numbers.
        kind: the parametrisation of orthogonal maps.
        dim: of the maps, at most d.
        sparse: read the sum over a stalk's dimensions in place of all its d C numbers.
        edge_weights: learn the weights too.

    Shapes:
        x (N, d, C) -> the sheaf's transports of P pairs and degrees of N nodes

    Source:
        Bodnar et al., "Neural Sheaf Diffusion", NeurIPS 2022, section 4
        (https://arxiv.org/abs/2202.04579).
    """

    def __init__(
        self,
        stalks: int,
        channels: int,
        maps: str,
        kind: Kind,
        dim: int,
        *,
        sparse: bool = False,
        edge_weights: bool = False,
    ) -> None:
        super().__init__()
        self.builder = builder(maps, dim, kind)
        self.sparse = sparse
        width = channels if sparse else channels * stalks
        self.maps = Ends(width, self.builder.parameters)
        self.weights = Ends(stalks * channels, 1) if edge_weights else None

    def forward(self, x: Tensor, pairs: Pairs) -> Sheaf:
        h = x.sum(1) if self.sparse else x.flatten(1)
        own, other = self.maps(h, pairs)
        weight = None if pairs.weight is None else pairs.weight.to(own.dtype)
        if self.weights is not None:
            one, two = self.weights(x.flatten(1), pairs)
            learned = (one.sigmoid() * two.sigmoid()).square().squeeze(1)
            weight = learned if weight is None else weight * learned
        return self.builder.sheaf(own.tanh(), other.tanh(), pairs, weight)

    def reset_parameters(self) -> None:
        for part in (self.maps, self.weights):
            if part is not None:
                part.reset_parameters()


class RandomMaps(nn.Module):
    r"""Orthogonal maps that are a fixed random function of the features: the control of learning.

    .. math:: F_{v,e} = \Phi(\sin(W_1 z_v + W_2 z_u)), \quad z = \sqrt{M} R x / \|R x\|

    R and W are drawn once and not trained. Equal features give equal maps, and the maps are the
    same in every layer and epoch.

    Args:
        in_channels: F, the width of the features.
        dim: d, of the maps.
        kind: the parametrisation of the maps.

    Shapes:
        x (N, F), dense or sparse -> the sheaf's transports of P pairs and degrees of N nodes
    """

    def __init__(self, in_channels: int, dim: int, kind: Kind) -> None:
        super().__init__()
        self.builder = Orthogonal(dim, kind)
        self.projection = _fixed(64, in_channels)
        self.mixing = _fixed(self.builder.parameters, 2 * 64)
        self.reset_parameters()

    def forward(self, x: Tensor, pairs: Pairs) -> Sheaf:
        z = linear(x, self.projection)
        z = z * (z.square().mean(1, keepdim=True) + 1e-12).rsqrt()
        own, other = read(self.mixing, z, pairs)
        weight = None if pairs.weight is None else pairs.weight.to(own.dtype)
        return self.builder.sheaf(own.sin(), other.sin(), pairs, weight)

    def reset_parameters(self) -> None:
        nn.init.normal_(self.projection)
        # The two ends add up to phases of a few turns: unlike features get unlike maps.
        nn.init.normal_(self.mixing, std=0.5)


def builder(maps: str, dim: int, kind: Kind) -> MapBuilder:
    """The maps' form by its name."""
    if maps == "orthogonal":
        return Orthogonal(dim, kind)
    return Diagonal(dim) if maps == "diag" else General(dim)


def read(weight: Tensor, h: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Map [own end, other end] as seen from the target and from the source of every pair.

    Shapes:
        weight (m, 2 H), h (N, H) -> (P, m), (P, m), not in half precision
    """
    count = weight.shape[0]
    if count == 0:  # orthogonal maps of one dimension
        return (h.new_empty(pairs.adj.num_edges, 0),) * 2
    halves = torch.cat([weight[:, : h.shape[1]], weight[:, h.shape[1] :]])  # (2 m, H)
    seen = nn.functional.linear(h, halves)
    if seen.dtype in (torch.float16, torch.bfloat16):
        seen = seen.float()  # the maps would not be orthogonal
    target, source = gather(seen, pairs.adj, "target"), gather(seen, pairs.adj, "source")
    own = target[:, :count] + source[:, count:]
    return own, source[:, :count] + target[:, count:]


def weighted(values: Tensor, weight: Tensor | None) -> Tensor:
    """Multiply the rows by weights, if there are any."""
    if weight is None:
        return values
    return weight.reshape(-1, *(1,) * (values.dim() - 1)) * values


def _fixed(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape), requires_grad=False)
