"""Units of targets: predictions of standardised targets, turned back to the original units."""

from __future__ import annotations

from torch import Tensor

from gnnlab.contracts.built import Remembering


class Units(Remembering):
    r"""Put predictions of standardised targets into the targets' units, :math:`\sigma p + \mu`.

    Both are buffers, so that a model's ``state_dict`` holds them.

    Args:
        mean, scale: :math:`\mu` and :math:`\sigma`.

    Shapes:
        mean, scale (T,) float64; p (n, T) -> (n, T) float64: single precision would round off the
        digits that targets of a large mean differ in
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def forward(self, predictions: Tensor) -> Tensor:
        return predictions.double() * self.scale + self.mean
