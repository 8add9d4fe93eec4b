"""Building of encoders: sizes checked, parameters of children drawn anew."""

from __future__ import annotations

from torch import nn

from gnnlab.core.arguments import check_counts


def reset_children(module: nn.Module) -> None:
    """Draw the weights of a module's parts anew, each by its own ``reset_parameters``."""
    for child in module.children():
        if isinstance(child, nn.ModuleList):
            reset_children(child)
        elif callable(again := getattr(child, "reset_parameters", None)):
            again()


def check_sizes(
    in_channels: int, hidden_channels: int, num_layers: int, out_channels: int | None
) -> None:
    """Refuse an encoder's widths and number of layers below 1.

    Raises:
        ValueError: with the argument's name and value.
    """
    check_counts(in_channels=in_channels, hidden_channels=hidden_channels, num_layers=num_layers)
    if out_channels is not None:
        check_counts(out_channels=out_channels)
