"""Depth curves: measures of the states of encoders of growing depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.analysis.energy import dirichlet_energy
from gnnlab.analysis.separation import class_separation
from gnnlab.analysis.smoothing import smoothness
from gnnlab.core.arguments import shown
from gnnlab.core.plotting import new_axes
from gnnlab.core.settings import checked

if TYPE_CHECKING:
    from torch_geometric.data import Data

DEPTHS = (2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, eq=False)
class DepthCurve:
    """What states are like at several depths, (D,) float64 each.

    Args:
        depth: (D,) int64.
        energy: Dirichlet energy, normalised and relative to the size of the states.
        smoothness: mean distance of directions; 0 is over-smoothed.
        separation: share of variance between classes; nan where the data has no ``y``.
    """

    depth: Tensor
    energy: Tensor
    smoothness: Tensor
    separation: Tensor

    def plot(self, measure: str = "energy", ax: Any = None, **style: Any) -> Any:
        """Draw one measure over the depth and return the axes.

        Raises:
            ValueError: another measure.
            ImportError: matplotlib is not installed.
        """
        if measure not in ("energy", "smoothness", "separation"):
            raise ValueError(
                f"measure is {shown(measure)}, which is none of energy, smoothness, separation"
            )
        ax = new_axes()[0] if ax is None else ax
        ax.plot(self.depth, getattr(self, measure), **{"marker": "o", **style})
        ax.set_xscale("log", base=2)
        if measure == "energy":
            ax.set_yscale("log")
        ax.set_xlabel("layers")
        ax.set_ylabel(_LABELS[measure])
        return ax


_LABELS = {
    "energy": "Dirichlet energy / size",
    "smoothness": "distance of directions",
    "separation": "variance between classes",
}


@checked
def by_depth(
    make: Callable[[int], nn.Module], data: Data, depths: Sequence[int] = DEPTHS, *, seed: int = 0
) -> DepthCurve:
    """Measure what encoders of several depths make of a graph.

    Args:
        make: builds the encoder of a depth; a trained one if that is what is asked about. Weights
            that it draws come from ``seed``, the same at every depth.
        data: the graph, with ``y`` (N,) where classes are to be told apart.
        depths: layers, or propagation steps.
        seed: of the weights, drawn in a generator of its own.

    Raises:
        ValueError: no depth, or an encoder that does not return a row for each node.
    """
    if not len(depths):
        raise ValueError("depths is empty: give at least one number of layers")
    states = [_state(make, depth, data, seed) for depth in depths]
    y = data.y if "y" in data and data.y.shape == (data.num_nodes,) else None
    nan = float("nan")
    rows = [
        (
            dirichlet_energy(h, data.edge_index, relative=True),
            smoothness(h),
            nan if y is None else class_separation(h, y),
        )
        for h in states
    ]
    columns = torch.tensor(rows, dtype=torch.float64).T
    return DepthCurve(torch.tensor(list(depths)), *columns)


def _state(make: Callable[[int], nn.Module], depth: int, data: Data, seed: int) -> Tensor:
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        encoder = make(depth).eval()
        h: Tensor = encoder(data)
    if h.dim() != 2 or len(h) != data.num_nodes:
        raise ValueError(
            f"the encoder of depth {depth} returned {tuple(h.shape)} for {data.num_nodes} nodes, "
            "but a row for each node is needed: take an encoder of level 'node'"
        )
    return h
