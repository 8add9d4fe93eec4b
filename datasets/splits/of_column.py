"""A column of parts, and lists of row numbers: splits that somebody else has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from gnnlab.core.arguments import shown
from gnnlab.datasets.values.masks import Masks, masks_of

PARTS: Mapping[str, int] = {
    **dict.fromkeys(("train", "training", "tr", "0"), 0),
    **dict.fromkeys(("valid", "val", "validation", "dev", "1"), 1),
    **dict.fromkeys(("test", "testing", "te", "2"), 2),
    **dict.fromkeys(("", "none", "nan", "na", "<na>", "-1", "unused"), -1),
}
"""What a column may say, in small letters, and the part that it means; -1 is none."""
KEYS = (("train",), ("valid", "val", "validation"), ("test",))
"""Names of the lists of row numbers."""


def by_column(values: Any, where: Callable[[int], str]) -> Masks:
    """Read one split from a column with a word (or 0, 1, 2) for every row.

    Args:
        values: words, whatever their case: train, valid (or val, dev, …) and test; empty for none.
        where: says where a row is.

    Shapes: three masks (N, 1).

    Raises:
        ValueError: a word that is no part.
    """
    import pandas as pd

    column = pd.Series(values.tolist() if isinstance(values, torch.Tensor) else values)
    if getattr(column.dtype, "kind", "O") == "f" and bool((column.dropna() % 1 == 0).all()):
        column = column.astype("Int64")  # numbers with holes
    words = column.astype("str").fillna("").str.strip().str.lower()
    part = words.map(PARTS)
    wrong = part.isna().to_numpy()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{where(row)} is of part {shown(str(column.iloc[row]))} ({int(wrong.sum())} such rows "
            "in all), but a part is train, valid or test, 0, 1 or 2, or empty for none: rename it"
        )
    return masks_of(part.to_numpy(dtype=np.int8)[None])


def by_lists(lists: Mapping[str, Any], rows: int) -> Masks:
    """Make one split of three lists of row numbers.

    Args:
        lists: ``train``, ``valid`` (or ``val``) and ``test``, as OGB's ``get_idx_split`` gives.
        rows: N.

    Shapes: three masks (N, 1).

    Raises:
        ValueError: a list that is missing, a number that is no row, a row in two parts.
    """
    masks = []
    for names in KEYS:
        found = next((lists[name] for name in names if name in lists), None)
        if found is None:
            raise ValueError(
                f"the lists of rows are {', '.join(map(repr, lists))}, without {names[0]!r}: a "
                "split has train, valid and test"
            )
        given = found if isinstance(found, torch.Tensor) else torch.from_numpy(np.array(found))
        numbers = given.reshape(-1)
        if numbers.is_floating_point() or numbers.dtype == torch.bool:
            raise ValueError(
                f"the list {names[0]!r} holds {numbers.dtype}, but rows are whole numbers from 0: "
                "a mask becomes them with mask.nonzero().view(-1)"
            )
        wrong = numbers[(numbers < 0) | (numbers >= rows)]
        if len(wrong):
            raise ValueError(
                f"the list {names[0]!r} names row {int(wrong[0])}, but there are {rows} rows, "
                f"numbered 0 to {rows - 1}: take it out"
            )
        mask = torch.zeros(rows, 1, dtype=torch.bool)
        mask[numbers.long()] = True
        masks.append(mask)
    return Masks(*masks)
