"""Over-smoothing measure: the mean distance between the directions of two nodes' states."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from gnnlab.analysis.checks import check_rows
from gnnlab.core.arguments import check_count
from gnnlab.core.settings import checked


@checked
def smoothness(h: Tensor, *, block: int = 1024) -> float:
    r"""Give the mean distance between the directions of two nodes' states.

    .. math:: \mathrm{SMV}(h) = \frac{1}{N (N - 1)} \sum_{i \ne j}
        \frac{1}{2} \Big\| \frac{h_i}{\|h_i\|} - \frac{h_j}{\|h_j\|} \Big\|

    0 where all states point one way (over-smoothed), at most 1.

    Args:
        h: states; one that is 0 has no direction and lies 1/2 from all that have one.
        block: rows that are set beside all others at once: memory is block x N numbers.

    Shapes:
        h (N, F)

    Returns:
        From 0 to 1; 0 for a single node.

    Raises:
        ValueError: ``h`` is no table of floating-point rows.

    Cost: O(N^2 F).

    Source:
        Liu, Gao and Ji, "Towards deeper graph neural networks", KDD 2020, equations 3 to 5
        (https://arxiv.org/abs/2007.09296).
    """
    check_rows("h", h)
    check_count("block", block)
    if len(h) < 2:
        return 0.0
    unit = F.normalize(h.detach().double(), dim=1)
    length = unit.square().sum(1)
    total = 0.0
    for start in range(0, len(unit), block):
        own = slice(start, start + block)
        squared = length[own, None] + length - 2 * unit[own] @ unit.T
        squared[range(len(squared)), range(start, start + len(squared))] = 0
        total += float(squared.clamp(min=0).sqrt().sum())
    return total / 2 / (len(unit) * (len(unit) - 1))
