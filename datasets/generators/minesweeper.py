"""Minesweeper boards: cells as nodes, mines as labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gnnlab.core.arguments import check_count, check_counts, check_share
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.values.edge_lists import both_directions
from gnnlab.datasets.values.masks import stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data

COUNTS = 6  # columns for 0, 1, 2, 3, 4 and 5-or-more mines around


@checked
def minesweeper(
    seed: int = 0,
    rows: int = 100,
    columns: int = 100,
    mines: float = 0.2,
    hidden: float = 0.5,
    splits: int = 10,
) -> Data:
    """Lay out a board: which cells are mines, told from how many mines lie around.

    Nodes are cells, numbered row by row; edges are king's moves. Exactly the given share of cells
    are mines (label 1). The features are 7 one-hot columns: column 0 says that the count is hidden,
    which it is for exactly the given share of cells, mines or not; columns 1 to 6 say that 0, 1, 2,
    3, 4 or at least 5 neighbours are mines. A mine that is not hidden shows its count too.

    Args:
        seed: of the mines, the hidden cells and the splits.
        rows, columns: of the board.
        mines, hidden: shares of the cells, in [0, 1]; rounded to whole cells.
        splits: S, stratified 50/25/25.

    Shapes: x (N, 7), edge_index (2, E), y (N,), masks (N, S), N = rows * columns.

    Raises:
        ValueError: a share outside [0, 1] or a board without cells.

    Source:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: are we really
        making progress?", ICLR 2023, section 4.1 (https://arxiv.org/abs/2302.11640). The paper's
        text leaves open whether mines show counts and how counts above 5 are coded; both are as in
        the published file.
    """
    check_counts(rows=rows, columns=columns, splits=splits)
    check_count("seed", seed, 0)
    cells, told = rows * columns, f"a grid of {rows} x {columns} cells with {splits} splits"
    require_made(told, nodes=cells, features=8, edges=4 * cells, splits=splits, steps=50 * splits)
    check_share("mines", mines)
    check_share("hidden", hidden)
    rng = np.random.default_rng(seed)
    cells = rows * columns
    y = torch.from_numpy(_mark(rng, cells, mines)).long()
    covered = torch.from_numpy(_mark(rng, cells, hidden))
    edge_index = king_moves(rows, columns)
    around = torch.bincount(edge_index[1], weights=y[edge_index[0]].double(), minlength=cells)
    column = around.long().clamp(max=COUNTS - 1) + 1
    x = torch.nn.functional.one_hot(column.masked_fill(covered, 0), COUNTS + 1).float()
    return build(x, edge_index, y, 2, stratified(y, splits, seed=rng), "minesweeper-generated")


def king_moves(rows: int, columns: int) -> Tensor:
    """Join every cell to the up to eight around it: (2, E), both directions, sorted."""
    cell = torch.arange(rows * columns).view(rows, columns)
    right = (cell[:, :-1], cell[:, 1:])
    down = (cell[:-1], cell[1:])
    falling = (cell[:-1, :-1], cell[1:, 1:])
    rising = (cell[:-1, 1:], cell[1:, :-1])
    once = torch.cat(
        [torch.stack([a.flatten(), b.flatten()]) for a, b in (right, down, falling, rising)], dim=1
    )
    return both_directions(once, rows * columns)


def _mark(rng: np.random.Generator, cells: int, share: float) -> np.ndarray:
    """Mark exactly the given share of cells, all choices equally likely."""
    marked = np.zeros(cells, dtype=bool)
    marked[rng.permutation(cells)[: round(share * cells)]] = True
    return marked
