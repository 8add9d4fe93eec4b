"""Categorical columns, of nodes or of edges, as sums of learned vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_counts
from gnnlab.ops import as_codes

MOST = 1 << 16
"""Kinds that a table over all combinations of categories may have."""


@measured
class Categories(nn.Module):
    r"""Add up a learned vector for each of K categories, :math:`\sum_k T_k[c_k]`.

    Args:
        sizes: how many values each of the K columns has.
        channels: H.

    Shapes:
        codes (n, K), whole numbers of any type -> (n, H)

    Raises:
        ValueError: no column, a size or width below 1; codes that do not fit.

    Source:
        Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
        (https://arxiv.org/abs/2005.00687), whose atom and bond encoders these are.
    """

    def __init__(self, sizes: Sequence[int], channels: int) -> None:
        super().__init__()
        self.sizes = check_sizes(sizes)
        check_counts(channels=channels)
        self.embeddings = nn.ModuleList(nn.Embedding(size, channels) for size in self.sizes)
        self.reset_parameters()

    def forward(self, codes: Tensor) -> Tensor:
        codes = as_codes(codes, self.sizes)
        first, *rest = self.vectors
        total = F.embedding(codes[:, 0], first)
        for column, table in enumerate(rest, start=1):
            total = total + F.embedding(codes[:, column], table)
        return total

    @property
    def vectors(self) -> list[Tensor]:
        """What the values of each column have learned, (sizes[k], H)."""
        return [cast(nn.Embedding, embedding).weight for embedding in self.embeddings]

    def table(self) -> Tensor:
        """The vector of every combination of values: those of the last column follow each other.

        Shapes:
            (sizes[0] * sizes[1] * ..., H)
        """
        total, *rest = self.vectors
        for table in rest:
            total = (total.unsqueeze(1) + table).flatten(0, 1)
        return total

    def reset_parameters(self) -> None:
        for table in self.vectors:
            nn.init.xavier_uniform_(table)

    def extra_repr(self) -> str:
        return f"sizes={self.sizes}"


def check_table(sizes: Sequence[int]) -> None:
    """Refuse columns whose combinations would make too long a table.

    Raises:
        ValueError: more than 65,536 combinations.
    """
    if (count := math.prod(check_sizes(sizes))) > MOST:
        raise ValueError(
            f"categories of sizes {tuple(sizes)} have {count} combinations, but a table has at "
            f"most {MOST} rows: give one-hot columns as floating numbers instead"
        )


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Refuse anything but whole numbers from 1.

    Raises:
        ValueError: with what was given.
    """
    found = tuple(sizes)
    if not found:
        raise ValueError("sizes is empty, but each categorical column has a number of values")
    for number, size in enumerate(found):
        check_counts(**{f"sizes[{number}]": size})
    return found
