"""Twitch streamers by language: edges and labels as csv, features as json."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import torch

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.files.bounds import zeros
from gnnlab.datasets.files.damage import Damaged, damaged
from gnnlab.datasets.files.numbers import places
from gnnlab.datasets.readers.raw import Open, RawGraph, node_ids

COLUMNS = 3170  # shared by all languages, so that models transfer between them


def read(record: Record, open_file: Open) -> RawGraph:
    """Read friendships, what streamers like (multi-hot), and whether they use explicit language.

    The node's id is ``new_id``; friendships are stored once. Some streamers are listed twice.

    Source:
        https://github.com/CUAI/Non-Homophily-Large-Scale (data/twitch); Rozemberczki et al., 2021.
    """
    edge_file, feature_file, target_file = (open_file(file) for file in record.files)
    mature = _targets(target_file)
    y = torch.tensor([mature[node] for node in range(len(mature))])
    x = zeros(feature_file, len(mature), COLUMNS)
    try:
        for node, liked in json.loads(feature_file.read_text(encoding="utf-8")).items():
            row = places(np.array([int(node)]), len(mature), feature_file, "numbers of nodes")
            x[row, places(np.array(liked), COLUMNS, feature_file, "what they like")] = 1
    except Damaged:
        raise
    except ValueError as error:
        raise damaged(feature_file, "Twitch features", error) from None
    try:
        rows = np.loadtxt(edge_file, dtype=np.int64, delimiter=",", skiprows=1, ndmin=2)
    except ValueError as error:
        raise damaged(edge_file, "Twitch edges", error) from None
    return RawGraph(torch.from_numpy(x), node_ids(rows, edge_file, len(mature)), y)


def _targets(path: Path) -> dict[int, int]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        mature = {int(row["new_id"]): ("False", "True").index(row["mature"]) for row in rows}
    except (ValueError, KeyError) as error:
        raise damaged(path, "Twitch labels", error) from None
    if set(mature) != set(range(len(mature))):
        raise damaged(path, "Twitch labels", f"new_id is not 0 to {len(mature) - 1}")
    return mature
