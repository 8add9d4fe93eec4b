"""Sheaf diffusion (neural sheaf diffusion): every layer learns its sheaf from the states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import shown
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.orthogonal import Kind
from gnnlab.layers.sheaf.encoder import SheafEncoder
from gnnlab.layers.sheaf.laplacian import Normalisation, Sheaf
from gnnlab.layers.sheaf.maps import MAPS, Maps, RandomMaps, SheafLearner, trivial
from gnnlab.layers.sheaf.undirected_edges import Pairs

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class SheafDiffusion(SheafEncoder):
    r"""Diffusion on a sheaf that every layer learns from its states.

    .. math:: X \leftarrow (1 + \tanh \epsilon) \odot X
        - \operatorname{ELU}(\Delta_{F(X)} (I \otimes W_1) X W_2)

    Delta is the normalised sheaf Laplacian of restriction maps
    :math:`F_{v,e} = \Phi(W [x_v, x_u])`, a map for either end of every edge. Maps are ``diag``
    (entries in -1..1), ``orthogonal``, ``general`` (matrices with such entries), ``identity`` (the
    graph's own Laplacian in every dimension: the control that no result should go without) or
    ``random`` (orthogonal, a fixed random function of the features).

    Every row of edge_index is half an undirected edge (see
    :mod:`gnnlab.layers.sheaf.undirected_edges`); edge weights multiply what an edge
    adds to the Laplacian. A node without neighbours keeps its state up
    to :math:`1 + \tanh \epsilon`.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: C, channels of each dimension of a stalk: what comes back is
            (stalk_dim + extra) C wide, and the attribute of this name says so.
        num_layers: number of diffusion steps.
        maps: ``diag``, ``orthogonal``, ``general``, ``identity`` or ``random``.
        stalk_dim: d, dimensions of a stalk.
        orthogonal: ``householder``, ``cayley``, ``matrix_exp`` or ``euler`` (d = 2 or 3).
        plus_channel: an extra dimension with the signless Laplacian D + A, whose diffusion takes
            neighbours apart. The release calls it lp.
        minus_channel: an extra dimension with D - A, whose diffusion draws them together. The
            release calls it hp.
        sparse_learner: maps read the sum over a stalk's dimensions, not each of them.
        edge_weights: learn a weight in 0..1 for every edge as well.
        linear: one sheaf for all layers, learned from the first states.
        out_channels: C to predict by itself, None to return the states.
        dropout: probability, after the input, before the weights of each layer and, from the second
            layer on, before the learner.
        input_dropout: probability, on the features.
        second_linear: map the input once more before the layers.
        normalisation: ``augmented``, :math:`(D + I)^{-1/2} L (D + I)^{-1/2}`, ``textbook``,
            :math:`D^{-1/2} L D^{-1/2}`, or ``none``.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there ->
        (N, (d + extra) C), or (N, out_channels)

    Raises:
        ValueError: unknown maps, parametrisation or normalisation, Euler angles of other than two
            or three dimensions, a size below 1, edge weights that do not fit.

    Cost:
        O(E d^2 C + E d^3) a layer for matrices, O(E d C) for diagonal maps and the identity.

    Source:
        Bodnar, Di Giovanni, Chamberlain, Lio and Bronstein, "Neural Sheaf Diffusion: A Topological
        Perspective on Heterophily and Oversmoothing in GNNs", NeurIPS 2022
        (https://arxiv.org/abs/2202.04579). Their release normalises by D + I, as here, adds noise
        to the identity there while it trains general maps and clamps their blocks: here the
        derivative of the inverse root is exact for equal eigenvalues, and neither is needed. Its
        sparse learner mixes both ends of an edge where d > 1; here each end is summed for itself.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 4,
        *,
        maps: Maps = "orthogonal",
        stalk_dim: int = 3,
        orthogonal: Kind = "householder",
        plus_channel: bool = False,
        minus_channel: bool = False,
        sparse_learner: bool = False,
        edge_weights: bool = False,
        linear: bool = False,
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
        if maps not in MAPS:
            raise ValueError(f"maps is {shown(maps)}, which is none of {', '.join(MAPS)}")
        learned = maps not in ("identity", "random")
        self.maps, self.varies = maps, learned and not linear
        self.random = RandomMaps(in_channels, stalk_dim, orthogonal) if maps == "random" else None
        self.learner_dropout = Dropout(dropout)
        self.learners = nn.ModuleList(
            SheafLearner(
                self.stalks_dim,
                hidden_channels,
                maps,
                orthogonal,
                stalk_dim,
                sparse=sparse_learner,
                edge_weights=edge_weights,
            )
            for _ in range(num_layers if self.varies else int(learned))
        )

    def sheaf(self, number: int, x: Tensor, pairs: Pairs, data: Data) -> Sheaf:
        if self.random is not None:
            made: Sheaf = self.random(data.x, pairs)
            return made
        if not self.learners:
            return trivial(pairs, self.input.weight.dtype)
        # The input was dropped out just before the first layer.
        seen = x if number == 0 else self.learner_dropout(x)
        made = self.learners[number](seen, pairs)
        return made
