"""Connection sheaf diffusion: the sheaf is computed from the features' geometry, not learned."""

from __future__ import annotations

import hashlib
from copy import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.contracts.parameters import measured
from gnnlab.layers.sheaf.encoder import SheafEncoder
from gnnlab.layers.sheaf.frames import transports
from gnnlab.layers.sheaf.laplacian import Normalisation, Sheaf
from gnnlab.layers.sheaf.maps import weighted
from gnnlab.layers.sheaf.undirected_edges import Pairs
from gnnlab.ops import is_sparse
from gnnlab.structure.stored.fingerprint import row_digests
from gnnlab.structure.stored.forms import FLOATING, check_finite, check_form
from gnnlab.structure.stored.structures import Stored

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class ConnectionSheaf(SheafEncoder):
    r"""Diffusion on a sheaf that is computed from the features once, and not learned (Conn-NSD).

    .. math:: X \leftarrow (1 + \tanh \epsilon) \odot X
        - \operatorname{ELU}(\Delta (I \otimes W_1) X W_2), \quad
        (\Delta X)_i = \frac{d_i}{d_i + 1} X_i - \sum_{j \in N_i}
        \frac{O_{ij} X_j}{\sqrt{(d_i + 1) (d_j + 1)}}

    :math:`O_i` is a frame of the space in which the neighbours of i lie (local PCA of the raw
    features), and :math:`O_{ij}` the orthogonal matrix nearest to :math:`O_i^\top O_j`.
    ``transform`` computes them, without a gradient: call it once on the data (``fit`` does) before
    graphs are put into batches. Other frames of the same spaces, turned by :math:`R_i`, give
    :math:`R_i^\top O_{ij} R_j` and a Laplacian of the same spectrum, but not the same network: the
    signs of the frames are fixed (see :func:`gnnlab.layers.sheaf.frames.local_frames`).

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: C, channels of each dimension of a stalk: what comes back is
            (stalk_dim + extra) C wide, and the attribute of this name says so.
        num_layers: number of diffusion steps.
        stalk_dim: d, dimensions of a stalk, at most F.
        plus_channel: an extra dimension with the signless Laplacian D + A.
        minus_channel: an extra dimension with D - A.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input and before the weights of each layer.
        input_dropout: probability, on the features.
        second_linear: map the input once more before the layers.
        normalisation: ``augmented``, ``textbook`` or ``none``.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.connection (E, d, d), data.edge_weight (E,) if
        there -> (N, (d + extra) C), or (N, out_channels)

    Raises:
        ValueError: an unknown normalisation, a size below 1, edge weights that do not fit; data
            that ``transform`` has not seen; by ``transform``, fewer features than stalk_dim.

    Cost:
        O(E d^2 C) a layer. Once: O(E F d^2), and O(n^2 F + n^3) for a node with n neighbours (from
        129 on, Lanczos steps of O(n F)); O(N F) for one with fewer than d.

    Source:
        Barbero, Bodnar, Saez de Ocariz Borde, Bronstein, Velickovic and Lio, "Sheaf Neural Networks
        with Connection Laplacians", ICML 2022 workshop on topology, algebra and geometry in machine
        learning (https://arxiv.org/abs/2206.08702).
    """

    completes_frames = "borrows the nearest nodes of the graph where a node has few neighbours"
    maskable = False
    """Transports are found before training, and a masked link would still be in them."""
    varies = False

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 4,
        *,
        stalk_dim: int = 3,
        plus_channel: bool = False,
        minus_channel: bool = False,
        out_channels: int | None = None,
        dropout: float = 0.2,
        input_dropout: float = 0.0,
        second_linear: bool = False,
        normalisation: Normalisation = "augmented",
    ) -> None:
        super().__init__(
            in_channels,
            hidden_channels,
            num_layers,
            stalk_dim=stalk_dim,
            plus_channel=plus_channel,
            minus_channel=minus_channel,
            out_channels=out_channels,
            dropout=dropout,
            input_dropout=input_dropout,
            second_linear=second_linear,
            normalisation=normalisation,
        )

    def transform(self, data: Data) -> Data:
        """Return the graph with ``connection`` (E, d, d), one transport for each row of edge_index.

        Nothing is computed where it is there already for these edges, features and stalk_dim.
        """
        stored = _stored(self.stalk_dim, _of_features(data))
        if stored.holds(data):
            return data
        data = copy(data)
        found = transports(data.edge_index, data.x, self.stalk_dim)
        data.connection = found.to(data.x.device, data.x.dtype)
        digest = row_digests(data.edge_index, (0, data.x.shape[0]))[0]
        data.connection_of = stored.written(digest, [data.connection])
        return data

    def sheaf(self, number: int, x: Tensor, pairs: Pairs, data: Data) -> Sheaf:
        found = _connection(data, self.stalk_dim)
        weight = None if pairs.weight is None else pairs.weight.to(found.dtype)
        return Sheaf(pairs.adj, weighted(pairs.of_rows(found), weight), pairs.degree(found.dtype))


def _connection(data: Data, dim: int) -> Tensor:
    """The transports of a graph or a batch, which must be those of its edges.

    Features are not compared: those that reach the encoder may be others than ``transform`` saw,
    embedded by a step before it, or dropped in part.
    """
    stored = _stored(dim, "")
    found = stored.values(data)[0]
    if torch.compiler.is_compiling():
        return found
    told, shape = stored.settings, (data.edge_index.shape[1], dim, dim)
    stored.require(data, [found], data.x.shape[0], lambda own: own.startswith(told))
    check_form(stored, "connection", found, shape, *FLOATING)
    check_finite(stored, "connection", found)
    return found


def _stored(dim: int, features: str) -> Stored:
    made_by = "ConnectionSheaf.transform"
    return Stored(("connection",), "connection_of", f"{dim} {features}", made_by, rows=True)


def _of_features(data: Data) -> str:
    """A hash of what else the transports are a function of."""
    x = data.x.to_sparse_coo().coalesce() if is_sparse(data.x) else data.x
    digest = hashlib.sha256(f"{data.x.dtype} {tuple(data.x.shape)}".encode())
    for part in (x.indices(), x.values()) if is_sparse(x) else (x,):
        digest.update(part.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
