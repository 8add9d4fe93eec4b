"""Data that a saved model is asked about: a dataset by name, or one's own."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from gnnlab.tasks import Predictor


def data_of(name: str, model: Predictor) -> Any:
    """Return data by a dataset's name, a path or ``package.module:function``.

    The dataset that the model was trained on is loaded with the settings of its run. Links are
    predicted in the graph that training read, whose split was drawn by those settings.

    Raises:
        ValueError: no such data.
    """
    from gnnlab import datasets
    from gnnlab.core.names import plain
    from gnnlab.runner.runs.data import splits_links
    from gnnlab.runner.settings.config import configure
    from gnnlab.runner.settings.link_splits import message_graph

    run = dict(model.run)
    if plain(str(run.get("data", {}).get("name"))) != plain(name):
        return datasets.load(name)
    data = datasets.load(**run["data"])
    config = configure(run)
    if splits_links(config, data):
        return message_graph(config.task.get("links", {}), data, model.origin.split)
    return data


def pairs_of(path: Path) -> Tensor:
    """Read pairs of node numbers, two a line; a first line of names is passed over.

    Raises:
        ValueError: a line that is none, with its number.
    """
    import torch

    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read ({error})") from error
    found = []
    for number, line in enumerate(lines, start=1):
        parts = [part.strip() for part in line]
        if not any(parts) or (number == 1 and not any(part.isdigit() for part in parts)):
            continue
        if len(parts) != 2 or not all(part.isdigit() for part in parts):
            raise ValueError(
                f"line {number} of {path} is {','.join(line)!r:.60}, but a pair is two node "
                "numbers with a comma between them: mend or remove it"
            )
        found.append([int(part) for part in parts])
    if not found:
        raise ValueError(f"{path} holds no pair: give two node numbers a line")
    return torch.tensor(found).T


def states_table(states: Tensor) -> pd.DataFrame:
    """Return states as a table, a column for each number of a row.

    Shapes:
        states (n, H)
    """
    import pandas as pd

    return pd.DataFrame(states.numpy(), columns=[f"h{number}" for number in range(states.shape[1])])
