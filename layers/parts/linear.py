"""Linear map of a model's input features, dense or sparse."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gnnlab.contracts.encoder import DenseReader
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts, shown
from gnnlab.ops import SparseFeatures, is_sparse, linear


@measured
class Linear(nn.Linear):
    r"""A linear map of features, of which sparse ones are read entry by entry.

    .. math:: Y = X W^\top + b

    Args:
        in_features: F.
        out_features: H.
        bias: learn ``b``.
        device, dtype: of the weights.

    Shapes:
        x (N, F), dense, a CSR or COO tensor, or SparseFeatures -> (N, H)

    Raises:
        ValueError: a width below 1, a device that torch does not know.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        check_counts(in_features=in_features, out_features=out_features)
        try:
            place = None if device is None else torch.device(device)
        except RuntimeError as error:
            raise ValueError(f"device is {shown(device)}, which torch does not know") from error
        super().__init__(in_features, out_features, bias, place, dtype)

    def forward(self, x: Tensor | SparseFeatures) -> Tensor:
        return linear(x, self.weight, self.bias)

    def beside(self, x: Tensor | SparseFeatures, other: Tensor) -> Tensor:
        """Map ``[x, other]``, put side by side, without making sparse x dense."""
        if isinstance(x, Tensor) and not is_sparse(x):
            return linear(torch.cat([x, other], dim=1), self.weight, self.bias)
        width = x.shape[1]
        own, rest = self.weight[:, :width], self.weight[:, width:]
        return linear(x, own, self.bias) + linear(other, rest)


class AsTheyAre(DenseReader):
    """Features that are states already: dense ones unchanged, (N, H) -> (N, H)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.to_dense() if is_sparse(x) else x


def input_map(in_channels: int, hidden_channels: int, mapped: bool) -> Linear | AsTheyAre:
    """What makes states of features: a Linear, or nothing where they are as wide already.

    Raises:
        ValueError: nothing is asked for, and the widths differ.
    """
    if mapped:
        return Linear(in_channels, hidden_channels)
    if in_channels != hidden_channels:
        raise ValueError(
            f"map_input is False and in_channels {in_channels}, but states are {hidden_channels} "
            f"wide: give features of width {hidden_channels}, or leave map_input at True"
        )
    return AsTheyAre()
