"""Base of inputs: steps before an encoder that replace a graph's features or add to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.built import remember
from gnnlab.contracts.encoder import DenseReader, Encoder, GraphReader
from gnnlab.contracts.foreign import declared
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.categories import Categories

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Input(GraphReader, DenseReader, ABC):
    """A step before an encoder: a graph in, a graph with other features out.

    It never changes the graph it is given. What it looks up in the graph, ``transform`` puts there
    once.

    Shapes:
        data.x (N, F) -> data.x (N, ``width(F)``)
    """

    @abstractmethod
    def forward(self, data: Data) -> Data:
        """Return a copy with other features."""

    @abstractmethod
    def width(self, in_channels: int) -> int:
        """How many features there are after it, of so many before."""

    def reset_parameters(self) -> None:
        reset_children(self)


@dataclass(frozen=True, eq=False)
class Same:
    """Gives an encoder that is there already, in the place of a function that builds one."""

    encoder: nn.Module

    def __call__(self, width: int) -> nn.Module:
        return self.encoder


@measured
class WithInputs(Encoder):
    r"""An encoder with steps before it, which is an encoder again.

    .. math:: \operatorname{encoder}(\operatorname{input}_m(\dots \operatorname{input}_1(G)))

    Args:
        in_channels: F, the width of ``data.x`` before the first step.
        inputs: the steps, in their order.
        make: builds the encoder from the width of the features that reach it.

    Shapes:
        data.x (N, F), data.edge_index (2, E) -> what the encoder gives

    Raises:
        ValueError: a width below 1; what the steps or the encoder refuse.

    Example:
        >>> from functools import partial
        >>> from gnnlab.layers import GCN
        >>> atoms = NodeCategories((2,) * 9, 32)
        >>> encoder = WithInputs(9, [atoms], partial(GCN, hidden_channels=64))
        >>> encoder.in_channels, encoder.encoder.in_channels
        (9, 32)
    """

    def __init__(
        self, in_channels: int, inputs: Sequence[Input], make: Callable[[int], nn.Module]
    ) -> None:
        super().__init__()
        self.reads_features = not inputs or inputs[0].reads_features
        if self.reads_features or in_channels:
            check_counts(in_channels=in_channels)
        self.in_channels = width = in_channels
        for step in inputs:
            width = step.width(width)
        self.encoder = make(width)  # first: its layers are what an analysis of depth looks at
        self.inputs = nn.ModuleList(inputs)
        own = declared(self.encoder)
        self.level, self.predicts = own.level, own.predicts
        self.hidden_channels, self.out_channels = own.hidden_channels, own.out_channels
        if any(part.maskable is False for part in (own, *inputs)):
            self.maskable = False
        self.transductive = _last([own.transductive, *(step.transductive for step in inputs)])
        reasons = (step.stochastic_encoding for step in inputs)
        self.stochastic_encoding = next(filter(None, reasons), None)
        # The encoder says what it was built from, which the function that built it may not.
        remember(self, in_channels, list(inputs), Same(self.encoder))

    def with_outputs(self, out_channels: int) -> WithInputs | None:
        """Return the same with an encoder that predicts so many numbers a row, if it can be."""
        own = declared(self.encoder).with_outputs(out_channels)
        if own is None:
            return None
        return WithInputs(self.in_channels, self._steps, Same(own))

    def forward(self, data: Data) -> Tensor:
        out: Tensor = self.encoder(self._read(data))
        return out

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """Return what the encoder gives, and what it adds to the loss of a step, if anything."""
        return declared(self.encoder).with_loss(self._read(data))

    def _read(self, data: Data) -> Data:
        for step in self.inputs:
            data = step(data)
        return data

    def transform(self, data: Data) -> Data:
        """Return the graph with all that the steps and the encoder look up in it."""
        for step in self._steps:
            data = step.transform(data)
        return declared(self.encoder).transform(data)

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return many graphs so, each step for all of them."""
        found = [copy(data) for data in graphs]
        for step in self._steps:
            found = step.transform_many(found)
        return declared(self.encoder).transform_many(found)

    def transforms(self) -> bool:
        """Whether a step or the encoder looks anything up in the graph."""
        return any(part.transforms() for part in (*self._steps, declared(self.encoder)))

    @property
    def _steps(self) -> list[Input]:
        return cast("list[Input]", list(self.inputs))

    def reset_parameters(self) -> None:
        reset_children(self)


def _last(reasons: Sequence[str | None]) -> str | None:
    """The last reason that holds."""
    return next(filter(None, reversed(reasons)), None)


@measured
class NodeCategories(Input):
    r"""Replace codes of categories by sums of learned vectors, :math:`x_i = \sum_k T_k[c_{ik}]`.

    The codes are whole numbers in ``data.x``, in any type.

    Args:
        sizes: how many values each of the K columns has.
        channels: H.

    Shapes:
        data.x (N, K) -> data.x (N, H)

    Raises:
        ValueError: a size or width below 1; codes that do not fit.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687): with the sizes of :data:`gnnlab.molecules.ATOMS` this is
        its atom encoder.
    """

    def __init__(self, sizes: Sequence[int], channels: int) -> None:
        super().__init__()
        self.categories, self.channels = Categories(sizes, channels), channels

    def forward(self, data: Data) -> Data:
        return replaced(data, x=self.categories(data.x))

    def width(self, in_channels: int) -> int:
        if in_channels != len(self.categories.sizes):
            raise ValueError(
                f"data.x has {in_channels} columns, but NodeCategories was built for "
                f"{len(self.categories.sizes)}: give the size of each column's categories"
            )
        return self.channels


@measured
class EdgeCategories(Input):
    r"""Replace codes on the edges by sums of learned vectors, as :class:`NodeCategories` does.

    Encoders that read floating ``edge_attr`` are then built with ``edge_dim=channels``; GINE looks
    codes up by itself, in each layer.

    Args:
        sizes: how many values each of the K columns has.
        channels: H.

    Shapes:
        data.edge_attr (E, K) -> data.edge_attr (E, H)

    Raises:
        ValueError: a size or width below 1; no ``edge_attr``, or codes that do not fit.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687): with the sizes of :data:`gnnlab.molecules.BONDS` this is
        its bond encoder.
    """

    def __init__(self, sizes: Sequence[int], channels: int) -> None:
        super().__init__()
        self.categories, self.channels = Categories(sizes, channels), channels

    def forward(self, data: Data) -> Data:
        codes = getattr(data, "edge_attr", None)
        if codes is None:
            raise ValueError("the graph has no edge_attr, but EdgeCategories reads codes from it")
        return replaced(data, edge_attr=self.categories(codes))

    def width(self, in_channels: int) -> int:
        return in_channels


def replaced(data: Data, **tensors: Tensor) -> Data:
    """Return the graph with other tensors under some names; the one given stays as it is."""
    if torch.compiler.is_compiling():  # which cannot look into a copy
        return cast("Data", _View(data, tensors))
    data = copy(data)
    for name, value in tensors.items():
        data[name] = value
    return data


class _View:
    """A graph's attributes, some of them other ones."""

    def __init__(self, data: Any, tensors: dict[str, Tensor]) -> None:
        self._data, self._tensors = data, tensors

    def __getattr__(self, name: str) -> Any:
        own = self._tensors
        return own[name] if name in own else getattr(self._data, name)
