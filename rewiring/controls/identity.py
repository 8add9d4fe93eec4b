"""Identity: the control that leaves every edge as it is."""

from __future__ import annotations

from dataclasses import dataclass

from gnnlab.core.settings import checked
from gnnlab.rewiring.base.changes import Changes
from gnnlab.rewiring.base.rewiring import Rewiring
from gnnlab.structure.graphs.graph import Graph


@checked
@dataclass(frozen=True)
class Identity(Rewiring):
    r"""Change nothing but set the keys that every rewiring sets, so that runs compare.

    .. math:: E' = E

    Args:
        fill: of no effect; every rewiring has it.

    Shapes:
        edge_index (2, E) -> (2, E), edge_type (E,)

    Raises:
        ValueError: a ``Batch`` or bad edges.
    """

    types = 0
    undirected = False

    def changes(self, graph: Graph) -> Changes:
        """Choose nothing."""
        return Changes()
