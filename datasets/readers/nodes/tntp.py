"""TNTP format of road networks: a table of one-way links, a table of coordinates."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnnlab.datasets.files.damage import damaged
from gnnlab.datasets.files.numbers import whole

ENDS = ("init_node", "term_node")


@dataclass(frozen=True, eq=False)
class Links:
    """One-way links of a network whose nodes are numbered from 1.

    Args:
        zones: how many of the first nodes are centres of zones, which no road passes.
        ends: (L, 2) int64.
        columns: (L,) float64 each, by name, in the order of the file.
    """

    zones: int
    ends: np.ndarray
    columns: dict[str, np.ndarray]


def read_links(path: Path) -> Links:
    """Read ``<network>_net.tntp``: metadata, a header after ``~``, and a row for each link.

    Raises:
        ValueError: the file is of another kind.

    Source:
        https://github.com/bstabler/TransportationNetworks (README, "TNTP Data format").
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        head, _, body = text.partition("<END OF METADATA>")
        found = re.search(r"<NUMBER OF ZONES>\s*(\d+)", head)
        lines = [line.replace(";", " ").split() for line in body.splitlines() if line.strip()]
        names = next(line for line in lines if line[0].startswith("~"))
        header = [word for word in names if word != "~"]
        rows = [line for line in lines if not line[0].startswith("~")]
        table = dict(zip(header, np.array(rows, dtype=np.float64).T, strict=True))
        ends = np.stack([table.pop(end) for end in ENDS], axis=1)
        if found is None or not len(ends):
            raise ValueError("no number of zones, or no link")
    except (ValueError, KeyError, StopIteration) as error:
        raise damaged(path, "a TNTP network", error or "no header") from None
    return Links(int(found[1]), whole(ends, path, "numbers of nodes"), table)


def read_places(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read numbers (N,) and coordinates (N, 2) of the nodes, from a table or from GeoJSON.

    Raises:
        ValueError: the file is of another kind.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".geojson":
            features = json.loads(text)["features"]
            rows = [
                [feature["properties"]["id"], *feature["geometry"]["coordinates"][:2]]
                for feature in features
            ]
        else:
            lines = [line.replace(";", " ").split() for line in text.splitlines()[1:]]
            rows = [line[:3] for line in lines if line]
        table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, "coordinates of nodes", error) from None
    return whole(table[:, 0], path, "numbers of nodes"), table[:, 1:]
