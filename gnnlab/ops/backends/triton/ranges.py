"""Ranges of items, one a row; long rows are cut into parts of one length.

How a row is cut depends on the graph alone, and the parts are joined in their order by the same
rule, in as many rounds as needed: the bits of a result do not depend on how it was scheduled.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gnnlab.ops.base.memo import remember

LONGEST = 128
"""Items that one program reads of a row; a longer row is cut."""


@dataclass(frozen=True)
class Ranges:
    """Row r has the items ``start[r] .. end[r]``, and its result is that of row ``target[r]``."""

    start: Tensor
    end: Tensor
    target: Tensor | None
    parts: Parts | None
    """Of the rows with more than LONGEST items, which are not computed in one piece."""

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.start.shape[0]


@dataclass(frozen=True)
class Parts:
    """The parts of long rows: ``start[s] .. end[s]`` belongs to row ``row[s]``."""

    start: Tensor
    end: Tensor
    row: Tensor
    joined: Ranges
    """The long rows as ranges of parts."""

    @property
    def count(self) -> int:
        """The number of parts."""
        return self.start.shape[0]

    def whole(self) -> Ranges:
        """The parts as rows of their own."""
        return Ranges(self.start, self.end, None, None)


def ranges(rowptr: Tensor) -> Ranges:
    """The ranges of a row pointer (N + 1,) int32; cut once per tensor."""
    parts = remember(rowptr, ("parts", LONGEST), lambda: cut(rowptr, None))
    return Ranges(rowptr[:-1], rowptr[1:], None, parts)


def cut(rowptr: Tensor, target: Tensor | None) -> Parts | None:
    """Cut the rows of more than LONGEST items; waits for the device to know how many there are."""
    lengths = rowptr.diff().long()
    long = (lengths > LONGEST).nonzero().flatten()
    if not long.numel():
        return None
    pieces = (lengths[long] + LONGEST - 1) // LONGEST
    pointer = torch.zeros(len(long) + 1, dtype=torch.int64, device=rowptr.device)
    pointer[1:] = pieces.cumsum(0)
    owner = torch.arange(len(long), device=rowptr.device).repeat_interleave(pieces)
    number = torch.arange(len(owner), device=rowptr.device) - pointer[owner]
    start = rowptr[long[owner]].long() + LONGEST * number
    end = torch.minimum(start + LONGEST, rowptr[long[owner] + 1])
    rows = long if target is None else target[long].long()
    short = pointer.int()
    deeper = cut(short, rows)
    joined = Ranges(short[:-1], short[1:], rows.int(), deeper)
    return Parts(start.int(), end.int(), rows[owner].int(), joined)
