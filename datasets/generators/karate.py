"""Karate club of Zachary: 34 members, 78 friendships, two factions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from gnnlab.core.arguments import check_count, check_counts
from gnnlab.core.settings import checked
from gnnlab.datasets.generators.bounded import require_made
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.values.edge_lists import both_directions
from gnnlab.datasets.values.masks import stratified

if TYPE_CHECKING:
    from torch_geometric.data import Data

# Who met whom outside the club, each pair once; members are numbered from 0 as in the paper from 1.
FRIENDS = {
    0: (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31),
    1: (2, 3, 7, 13, 17, 19, 21, 30),
    2: (3, 7, 8, 9, 13, 27, 28, 32),
    3: (7, 12, 13),
    4: (6, 10),
    5: (6, 10, 16),
    6: (16,),
    8: (30, 32, 33),
    9: (33,),
    13: (33,),
    14: (32, 33),
    15: (32, 33),
    18: (32, 33),
    19: (33,),
    20: (32, 33),
    22: (32, 33),
    23: (25, 27, 29, 32, 33),
    24: (25, 27, 31),
    25: (31,),
    26: (29, 33),
    27: (33,),
    28: (31, 33),
    29: (32, 33),
    30: (32, 33),
    31: (32, 33),
    32: (33,),
}
WITH_THE_TEACHER = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21)


@checked
def karate(seed: int = 0, splits: int = 10) -> Data:
    """Give the club of 34 members and 78 friendships that broke in two.

    Label 0 went with the teacher, Mr. Hi (node 0), label 1 with the officers (node 33). The
    features are the one-hot id of the member.

    Args:
        seed: of the splits.
        splits: S, stratified 50/25/25.

    Shapes: x (34, 34), edge_index (2, 156), y (34,), masks (34, S).

    Source:
        Zachary, "An information flow model for conflict and fission in small groups", Journal of
        Anthropological Research 33, 1977, figures 1 and 3; member 9 (node 8) by the club he joined.
    """
    check_count("seed", seed, 0)
    check_counts(splits=splits)
    require_made(f"{splits} splits", nodes=34, splits=splits, steps=50 * splits)
    pairs = [(member, friend) for member, friends in FRIENDS.items() for friend in friends]
    edge_index = both_directions(torch.tensor(pairs).T, 34)
    y = torch.ones(34, dtype=torch.int64)
    y[list(WITH_THE_TEACHER)] = 0
    return build(torch.eye(34), edge_index, y, 2, stratified(y, splits, seed=seed), "karate")
