"""What is done to a graph before an encoder reads it: other features, or more of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.layers.parts.building import reset_children
from gnnlab.layers.parts.categories import Categories

if TYPE_CHECKING:
    from torch_geometric.data import Data


class Input(nn.Module, ABC):
    """A step before an encoder: a graph in, a graph with other features out.

    It never changes the graph it is given. What it looks up in the graph, ``transform`` puts there
    once.

    Shapes:
        data.x (N, F) -> data.x (N, ``width(F)``)
    """

    reads_dense: ClassVar[str] = "looks up the features or puts others beside them"

    @abstractmethod
    def forward(self, data: Data) -> Data:
        """Return a copy with other features."""

    @abstractmethod
    def width(self, in_channels: int) -> int:
        """How many features there are after it, of so many before."""

    def transform(self, data: Data) -> Data:
        """Return the graph with what ``forward`` looks up; the same graph by default."""
        return data

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return many graphs so; a subclass may be faster than one after the other."""
        return [self.transform(copy(data)) for data in graphs]

    def reset_parameters(self) -> None:
        reset_children(self)


@measured
class WithInputs(nn.Module):
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
        self.reads_features = not inputs or getattr(inputs[0], "reads_features", True)
        if self.reads_features or in_channels:
            check_counts(in_channels=in_channels)
        self.in_channels = width = in_channels
        for step in inputs:
            width = step.width(width)
        self.encoder = make(width)  # first: its layers are what an analysis of depth looks at
        self.inputs = nn.ModuleList(inputs)
        self.level: str = getattr(self.encoder, "level", "node")
        for name in ("hidden_channels", "out_channels", "predicts", "transductive"):
            if hasattr(self.encoder, name):
                setattr(self, name, getattr(self.encoder, name))
        if not all(getattr(part, "maskable", True) for part in (self.encoder, *inputs)):
            self.maskable = False
        for step in inputs:
            if told := getattr(step, "transductive", None):
                self.transductive = told
        reasons = (getattr(step, "stochastic_encoding", None) for step in inputs)
        self.stochastic_encoding = next(filter(None, reasons), None)

    def with_outputs(self, out_channels: int) -> WithInputs:
        """Return the same with an encoder that predicts so many numbers a row."""
        own = cast(Any, self.encoder).with_outputs(out_channels)
        return WithInputs(self.in_channels, cast(Any, list(self.inputs)), lambda width: own)

    def forward(self, data: Data) -> Tensor:
        out: Tensor = self.encoder(self._read(data))
        return out

    def with_loss(self, data: Data) -> tuple[Tensor, Tensor | None]:
        """Return what the encoder gives, and what it adds to the loss of a step, if anything."""
        own: Any = getattr(self.encoder, "with_loss", None)
        if own is None:
            return self(data), None
        out, loss = own(self._read(data))
        return out, loss

    def _read(self, data: Data) -> Data:
        for step in self.inputs:
            data = step(data)
        return data

    def transform(self, data: Data) -> Data:
        """Return the graph with all that the steps and the encoder look up in it."""
        for step in self.inputs:
            data = step.transform(data)  # type: ignore[operator]
        own: Any = getattr(self.encoder, "transform", None)
        return data if own is None else own(data)

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Return many graphs so, each step for all of them."""
        found = [copy(data) for data in graphs]
        for step in self.inputs:
            found = step.transform_many(found)  # type: ignore[operator]
        many: Any = getattr(self.encoder, "transform_many", None)
        one: Any = getattr(self.encoder, "transform", None)
        if many is None:
            return found if one is None else [one(data) for data in found]
        return list(many(found))

    def reset_parameters(self) -> None:
        reset_children(self)


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
