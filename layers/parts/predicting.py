"""Encoders that predict by themselves, for which a head on top would be another model."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from torch import nn


class Predicting(nn.Module):
    """An encoder that knows how it was built, so that a task can build it to predict by itself.

    ``predicts`` says why it does. One that was built without ``out_channels`` returns hidden
    states; :meth:`with_outputs` gives the same encoder, with new weights, that predicts.
    """

    predicts: ClassVar[str]
    _given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *arguments: Any, **settings: Any) -> Self:
        made = super().__new__(cls)
        # Past nn.Module, which is not set up before __init__ has run.
        object.__setattr__(made, "_given", (arguments, settings))
        return made

    def with_outputs(self, out_channels: int) -> Self:
        """Return an encoder of the same settings that predicts so many numbers a row."""
        arguments, settings = self._given
        return type(self)(*arguments, **{**settings, "out_channels": out_channels})
