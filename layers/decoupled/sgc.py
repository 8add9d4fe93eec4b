"""SGC (simple graph convolution): K propagation steps and one Linear, a logistic regression."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gnnlab.contracts.encoder import Predicting
from gnnlab.contracts.parameters import measured
from gnnlab.layers.parts.building import check_sizes
from gnnlab.layers.parts.gcn_conv import smooth
from gnnlab.layers.parts.linear import Linear
from gnnlab.ops import Adjacency, is_sparse, linear
from gnnlab.structure.stored.fingerprint import row_digests
from gnnlab.structure.stored.forms import FLOATING, check_finite, check_form
from gnnlab.structure.stored.structures import Stored

if TYPE_CHECKING:
    from torch_geometric.data import Data


@measured
class SGC(Predicting):
    r"""K steps of propagation and one Linear.

    .. math:: Y = \hat A^K X W + b, \quad \hat A = D^{-1/2} (A + I) D^{-1/2}

    The product is computed from the right, :math:`\hat A^K (X W)`, in the width of the output. With
    ``precomputed`` the smoothed features are made once, by :meth:`transform`, and the model is a
    Linear on rows: edges are not looked at again, so that any sampler of rows serves.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H, the width of the output where ``out_channels`` is None.
        num_layers: K, the number of propagation steps.
        out_channels: C to predict by itself, None to return H columns.
        precomputed: read the features that :meth:`transform` has smoothed; ``tasks.fit`` calls it.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.edge_weight (E,) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a width or a number of layers below 1, edge weights that do not fit, features
            that were to be precomputed and are not there.

    Cost:
        O(K E C) a forward pass on top of the Linear's; with ``precomputed`` nothing on top of it,
        O(K E F) once, and a second table of features, (N, F) and dense.

    Source:
        Wu, Souza, Zhang, Fifty, Yu and Weinberger, "Simplifying Graph Convolutional Networks", ICML
        2019, eq. 8 (https://arxiv.org/abs/1902.07153).
    """

    predicts = "is one Linear, to the classes"

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 2,
        *,
        out_channels: int | None = None,
        precomputed: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.num_layers = out_channels, num_layers
        self.precomputed = precomputed
        self.maskable = not precomputed  # a masked link would still be in what was smoothed
        self.linear = Linear(in_channels, hidden_channels if out_channels is None else out_channels)

    def forward(self, data: Data) -> Tensor:
        if self.precomputed:
            rows: Tensor = self.linear(self._smoothed(data))
            return rows
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        # The bias comes last: smoothed, it would be another one at every node.
        h = linear(data.x, self.linear.weight)
        return self._smooth(h, adj, data) + self.linear.bias

    def transform(self, data: Data) -> Data:
        """Return the graph with its smoothed features beside x, if they are to be precomputed."""
        if not self.precomputed:
            return data
        adj = Adjacency.of(data.edge_index, data.x.shape[0])
        x = data.x.to_dense() if is_sparse(data.x) else data.x
        with torch.no_grad():
            x = self._smooth(x, adj, data)
        data, stored = copy(data), self._stored
        digest = row_digests(data.edge_index, (0, x.shape[0]))[0]
        data[self.key], data[stored.stamp] = x, stored.written(digest, [x])
        return data

    @property
    def key(self) -> str:
        """Where the smoothed features lie in the data: ``smoothed_2`` for K = 2."""
        return f"smoothed_{self.num_layers}"

    def reset_parameters(self) -> None:
        self.linear.reset_parameters()

    def _smooth(self, h: Tensor, adj: Adjacency, data: Data) -> Tensor:
        for _ in range(self.num_layers):
            h = smooth(h, adj, getattr(data, "edge_weight", None))
        return h

    def _smoothed(self, data: Data) -> Tensor:
        stored = self._stored
        found = stored.values(data)[0]
        if torch.compiler.is_compiling():
            return found
        nodes = data.x.shape[0]
        stored.require(data, [found], nodes, lambda settings: settings == stored.settings)
        check_form(stored, self.key, found, (nodes, self.linear.in_features), *FLOATING)
        check_finite(stored, self.key, found)
        return found

    @property
    def _stored(self) -> Stored:
        key = self.key
        return Stored((key,), f"{key}_of", str(self.num_layers), "SGC.transform", rows=True)
