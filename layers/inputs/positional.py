"""Positional encodings of nodes, embedded and joined to their features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_choice, check_counts
from gnnlab.layers.inputs.base import Input, replaced
from gnnlab.layers.parts.mlp import MLP
from gnnlab.ops import is_sparse

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.structure.transforms import Encoding

Signs = Literal["flip", "invariant", "keep"]
Combine = Literal["add", "concat"]


@measured
class PositionalEncoder(Input):
    r"""Embed an encoding of each node's place and put it beside the node's features.

    .. math:: x_i \leftarrow [x_i,\; W p_i + b] \quad\text{or}\quad x_i + W p_i + b

    An eigenvector's sign says nothing. While training, ``signs="flip"`` turns each column of each
    graph over with probability 1/2, anew on every pass, by torch's generator: ``fit`` seeds it. In
    evaluation signs stay as the transform left them. ``"invariant"`` computes
    :math:`\phi(p_{ik}) + \phi(-p_{ik})` for each column k, by an MLP :math:`\phi` on one number,
    and embeds these side by side, so that signs are of no account: a function of :math:`|p_{ik}|`,
    from which cannot be told which nodes lie on one side. ``"keep"`` does nothing about signs.
    Random-walk encodings have none.

    Args:
        transform: computes the encoding, :class:`gnnlab.structure.transforms.LaplacianPE` or
            :class:`gnnlab.structure.transforms.RandomWalkPE`.
        channels: width of the embedding.
        num_layers: Linear maps of the embedding, with ReLU between them.
        batch_norm: normalise each column before them.
        signs: ``flip``, ``invariant`` or ``keep``.
        combine: ``concat`` puts the embedding beside the features, ``add`` adds it to as many.

    Shapes:
        data.x (N, F) -> data.x (N, F + channels), or (N, F) where added

    Raises:
        ValueError: a width or a number of layers below 1, another name, features of another width
            than what is added; sparse features; data that ``transform`` has not seen.

    Source:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023
        (https://arxiv.org/abs/2003.00982), for Laplacian encodings with random signs; Dwivedi et
        al., "Graph Neural Networks with Learnable Structural and Positional Representations", ICLR
        2022 (https://arxiv.org/abs/2110.07875), for random walks; Lim, Robinson et al., "Sign and
        Basis Invariant Networks for Spectral Graph Representation Learning", ICLR 2023
        (https://arxiv.org/abs/2202.13013), for invariance to signs, with an MLP on each entry where
        the paper's phi also reads the other nodes'. Invariance to the basis of an eigenspace, that
        paper's other part, is not offered.
    """

    maskable = False
    """Encodings are found before training, and a masked link would still be in them."""

    def __init__(
        self,
        transform: Encoding,
        channels: int,
        *,
        num_layers: int = 1,
        batch_norm: bool = False,
        signs: Signs = "flip",
        combine: Combine = "concat",
    ) -> None:
        super().__init__()
        check_counts(channels=channels, num_layers=num_layers)
        check_choice("signs", signs, get_args(Signs))
        check_choice("combine", combine, get_args(Combine))
        self.encoding, self.channels = transform, channels
        self.signs = signs if transform.signed else "keep"
        self.combine = combine
        if self.signs == "flip":
            self.stochastic_encoding = "flips signs at random while training"
        width, self.phi = transform.k, None
        if self.signs == "invariant":
            self.phi = MLP([1, channels, channels])
            width *= channels
        self.norm = nn.BatchNorm1d(width) if batch_norm else None
        self.embed = MLP([width, *[channels] * num_layers])

    def forward(self, data: Data) -> Data:
        if is_sparse(data.x):
            raise ValueError(
                "data.x is sparse, and an encoding is put beside dense features: use data.x."
                "to_dense(), or load without sparse_features"
            )
        own = self.embedding(data)
        if self.combine == "add" and own.shape[1] != data.x.shape[1]:
            raise ValueError(
                f"the embedding has {own.shape[1]} channels, but data.x {data.x.shape[1]} columns: "
                f"build it with channels={data.x.shape[1]} to add them up"
            )
        added = self.combine == "add"
        return replaced(data, x=data.x + own if added else torch.cat([data.x, own], dim=1))

    def embedding(self, data: Data) -> Tensor:
        """The embedded encoding alone, (N, channels)."""
        values = self.encoding.of(data).to(next(self.embed.parameters()).dtype)
        if self.signs == "flip" and self.training:
            values = flipped(values, data)
        if self.phi is not None:
            numbers = values.reshape(-1, 1)
            both = self.phi(numbers) + self.phi(-numbers)
            values = both.reshape(len(values), -1)
        if self.norm is not None:
            values = self.norm(values)
        out: Tensor = self.embed(values)
        return out

    def transform(self, data: Data) -> Data:
        """Return the graph with its encoding; nothing is computed where it is there already."""
        found: Data = self.encoding(data)
        return found

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        return self.encoding.many(graphs)

    def width(self, in_channels: int) -> int:
        return in_channels + (self.channels if self.combine == "concat" else 0)

    def extra_repr(self) -> str:
        return f"{self.encoding}, signs={self.signs}, combine={self.combine}"


def flipped(values: Tensor, data: Data) -> Tensor:
    """Turn each column of each graph over with probability 1/2, (N, k) -> (N, k)."""
    of_node = getattr(data, "batch", None)
    graphs = 1 if of_node is None else int(data.num_graphs)
    signs = 2 * torch.randint(2, (graphs, values.shape[1]), device=values.device) - 1
    signs = signs.to(values.dtype)
    return values * (signs if of_node is None else signs[of_node])
