"""Draw README's picture: what a model is told of a Minesweeper board, and where it sees mines.

Run: python docs/draw_minesweeper.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import datasets, layers, tasks

SIDE, SHOWN = 100, 24  # cells of the board's edge, and of the corner that is drawn
BLUE, GREY, RED = "#2563a8", "#e6e8eb", "#b3261e"


def test_score(encoder: nn.Module, data: Data) -> tuple[float, Tensor]:
    """ROC AUC on test, and each cell's probability of being a mine."""
    training = tasks.Training(lr=3e-3, epochs=120)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, training, seed=0)
    assert result.model is not None
    with torch.no_grad():
        return result.test, result.model(data).flatten().sigmoid()


def corner(values: Tensor) -> Tensor:
    return values.reshape(SIDE, SIDE)[:SHOWN, :SHOWN]


def draw_features(axes: Axes, data: Data) -> None:
    told = corner(data.x.argmax(1)) - 1  # -1 where hidden
    axes.imshow(told < 0, cmap=ListedColormap(["white", GREY]))
    for row, column in (told >= 0).nonzero().tolist():
        count = int(told[row, column])
        text = "5+" if count == 5 else str(count)
        axes.text(column, row, text, ha="center", va="center", fontsize=5.5, color=BLUE)
    axes.set_title("told: mines around, or nothing", fontsize=9)


def draw_guess(axes: Axes, data: Data, name: str, encoder: nn.Module) -> None:
    score, guess = test_score(encoder, data)
    axes.imshow(corner(guess), cmap="Blues", vmin=0, vmax=1)
    mines = corner(data.y).nonzero()
    axes.scatter(mines[:, 1], mines[:, 0], s=9, facecolors="none", edgecolors=RED, linewidths=0.8)
    axes.set_title(f"{name}: test ROC AUC {100 * score:.1f}", fontsize=9)


def main() -> None:
    data = datasets.minesweeper(seed=0, rows=SIDE, columns=SIDE)
    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4))
    draw_features(axes[0], data)
    models = {"ResNet, no graph": layers.ResNet, "SAGE": layers.SAGE}
    for place, (name, model) in zip(axes[1:], models.items(), strict=True):
        draw_guess(place, data, name, model(data.num_features, 64, num_layers=5))
    for place in axes:
        place.set(xticks=[], yticks=[])
    figure.tight_layout()
    figure.savefig(Path(__file__).with_name("minesweeper.png"), dpi=130)


if __name__ == "__main__":
    main()
