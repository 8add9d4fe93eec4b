"""Molecule tables: SMILES with what is to be predicted of each, made into a set of graphs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_choice, check_flag, shown
from gnnlab.core.settings import checked
from gnnlab.datasets.chemistry.codes import SMILES_ATOMS, SMILES_BONDS, STEREO
from gnnlab.datasets.chemistry.graphs import to_graphs
from gnnlab.datasets.chemistry.smiles import Molecule, read_smiles
from gnnlab.datasets.chemistry.stereo import stereo_of
from gnnlab.datasets.chemistry.unsaid import left_out
from gnnlab.datasets.files.sources import checksum
from gnnlab.datasets.kinds.node import FlawWarning
from gnnlab.datasets.own.tabular.columns import AUTO, LABELS, SMILES, SPLITS, one, rest, several
from gnnlab.datasets.own.tabular.frames import Table, frame_of, table
from gnnlab.datasets.own.tabular.labels import Kind, Targets, targets_of
from gnnlab.datasets.splits.of_own import split as divided
from gnnlab.datasets.values.graphs import Graphs
from gnnlab.datasets.values.masks import unsplit

if TYPE_CHECKING:
    import pandas as pd

Unreadable = Literal["refuse", "drop"]
SMILES_COLUMN = "smiles"


@checked
def molecules(
    smiles: Any,
    targets: Any = None,
    split: Any = "scaffold",
    *,
    kind: Kind = "auto",
    column: str = AUTO,
    stereo: bool = False,
    unreadable: Unreadable = "refuse",
    seed: int = 0,
    name: str | None = None,
    **drawn: Any,
) -> Graphs:
    """Set of molecules read from SMILES, split by scaffold unless told otherwise.

    Args:
        smiles: a list or Series of SMILES; or a table that has them, a DataFrame or the path of a
            CSV or parquet file.
        targets: of a list, numbers or names for each, or a dictionary or DataFrame of several; of a
            table, the names of columns (``label``, ``y``, … if there is one and none is named).
            What is empty or nan is unknown.
        split: ``scaffold``, ``random``, ``stratified``, ``folds``, ``time``, a column of a table,
            lists or a column of parts, as :func:`gnnlab.datasets.split` takes it; None for none.
        kind: ``classes`` of words or whole numbers in one column, ``labels`` of 0 and 1,
            ``regression``; ``auto`` as :func:`gnnlab.datasets.from_tables` has it.
        column: of a table, the one of SMILES (``smiles``, …).
        stereo: whether x and edge_attr get a column of codes of it each; without, a warning counts
            the molecules whose stereo is left out.
        unreadable: ``refuse`` a SMILES that cannot be read, or ``drop`` its row with a warning.
        seed, drawn: of the split, as :func:`gnnlab.datasets.split` takes them (``fractions``,
            ``count``, ``time``, ``cuts``).
        name: of the set; the file's if not given.

    Shapes:
        x (N, 6) float32, codes of element, neighbours, charge, hydrogens, aromatic and ring;
        edge_attr (E, 2) int64, kind of bond and ring; y (1,) int64 of a class, else (1, T) float32
        with nan where unknown; ``smiles`` as read

    Raises:
        ValueError: a SMILES that cannot be read, with its row; targets of another number; no such
            column.

    Example:
        >>> acids = ["CC(=O)O", "c1ccccc1C(=O)O", "OC(=O)c1ccncc1", "OC1CCCCC1", "CCO"]
        >>> mine = molecules(acids, [4.8, 4.2, None, 16.0, 15.9], "random", fractions=(0.5, 0.25))
        >>> mine
        Graphs('molecules': 5 graphs, 6 features, 1 targets, 1 splits)
        >>> mine[0].smiles, mine[0].y.tolist(), mine.x_sizes[0]
        ('CC(=O)O', [[4.800000190734863]], 119)
    """
    check_flag("stereo", stereo)
    check_choice("unreadable", unreadable, ("refuse", "drop"))
    whole, frame, words, wanted = _as_table(smiles, targets, column)
    parts = _column_of_parts(whole, frame, split)
    found = _read(whole, frame[words], words)
    rows = [row for row, one in enumerate(found) if isinstance(one, Molecule)]
    _refuse_or_warn(whole, found, words, unreadable)
    y = _targets(whole, frame, wanted, kind)
    read = [one for one in found if isinstance(one, Molecule)]
    codes = [stereo_of(molecule) for molecule in read] if stereo else None
    if told := left_out(read, codes):
        warnings.warn(f"{whole.name}: {told}", FlawWarning, stacklevel=2)
    own = torch.zeros(len(read), 0) if y is None else y.y[rows]
    graphs = to_graphs(read, own if own.dim() == 2 or (y and y.classes) else own[:, None], codes)
    for graph, row in zip(graphs, rows, strict=True):
        graph.smiles = str(frame[words].iloc[row])
        if y is None:
            del graph.y
    more = STEREO if stereo else ()
    made = Graphs(
        graphs,
        unsplit(len(graphs)),
        classes=0 if y is None else y.classes or graphs[0].y.shape[1],
        name=name or (whole.path.name.partition(".")[0] if whole.path else "molecules"),
        source="own",
        features="smiles+stereo" if stereo else "smiles",
        raw_hash=checksum(whole.path) if whole.path else "",
        targets=() if y is None or y.classes else y.names,
        x_sizes=SMILES_ATOMS + more,
        edge_sizes=SMILES_BONDS + more,
        class_names=() if y is None else y.class_names,
    )
    by = split if parts is None else parts.iloc[rows]
    return made if by is None else divided(made, by, seed=seed, **drawn)


def _as_table(smiles: Any, targets: Any, column: str) -> tuple[Table, pd.DataFrame, str, list[str]]:
    """The table, its rows, the column of SMILES, and those of targets."""
    import pandas as pd

    if isinstance(smiles, str | Path | pd.DataFrame):
        whole = table(smiles, "molecules")
        words = one(whole, column, "column", SMILES)
        if words is None:
            raise ValueError(
                f"{whole.name} has no column that looks like SMILES: say column= one of "
                f"{whole.listed()}"
            )
        if targets is None:
            usual = one(whole, AUTO, "targets", LABELS)
            if usual is None and (others := rest(whole, (words,))):
                warnings.warn(
                    f"{whole.name}: columns {', '.join(map(repr, others[:8]))} were not read, so "
                    "there is no target: name those to predict with targets=",
                    FlawWarning,
                    stacklevel=3,
                )
            return whole, whole.read([words]), words, [] if usual is None else [usual]
        return whole, whole.read([words]), words, several(whole, targets, "targets")
    if not isinstance(smiles, Sequence | np.ndarray | pd.Series):
        raise ValueError(
            f"smiles is {described(smiles)}, but molecules are a list of SMILES or a table: give "
            "one of these"
        )
    frame = pd.DataFrame({SMILES_COLUMN: list(smiles)})
    wanted = [] if targets is None else _beside(frame, targets)
    return table(frame, "molecules"), frame, SMILES_COLUMN, wanted


def _beside(frame: pd.DataFrame, targets: Any) -> list[str]:
    """Put targets beside a list of SMILES and return what their columns are called."""
    import pandas as pd

    found = frame_of("targets", targets)
    if not isinstance(targets, Mapping | pd.DataFrame):
        several_ = found.shape[1] > 1
        found.columns = pd.Index([f"target {i}" if several_ else "target" for i in found])
    if len(found) != len(frame):
        raise ValueError(
            f"targets have {len(found)} rows, but there are {len(frame)} SMILES: give each its own"
        )
    for name in found:
        frame[str(name)] = found[name].to_numpy()
    return [str(name) for name in found]


def _column_of_parts(whole: Table, frame: pd.DataFrame, split: Any) -> pd.Series[Any] | None:
    """The column of a table that says the parts, where one is named."""
    if not isinstance(split, str):
        return None
    if split in whole.columns and split not in ("random", "time"):
        return frame[split]
    found = one(whole, AUTO, "split", SPLITS) if split == AUTO else None
    return None if found is None else frame[found]


def _read(whole: Table, words: pd.Series[Any], column: str) -> list[Molecule | str]:
    """Every molecule, or what is wrong with its SMILES."""
    if not len(words):
        raise ValueError(f"{whole.name} has no row, so there is no molecule: fill it")
    found: list[Molecule | str] = []
    for text in words:
        try:
            found.append(read_smiles(text.strip()) if isinstance(text, str) else "it is empty")
        except ValueError as error:
            found.append(str(error))
    return found


def _refuse_or_warn(
    whole: Table, found: list[Molecule | str], column: str, unreadable: Unreadable
) -> None:
    wrong = [row for row, one in enumerate(found) if isinstance(one, str)]
    if not wrong:
        return
    told = (
        f"{whole.where(wrong[0])} cannot be read as SMILES in column {column!r}, "
        f"{found[wrong[0]]} ({len(wrong)} such rows in all)"
    )
    if unreadable == "refuse" or len(wrong) == len(found):
        raise ValueError(f"{told}: mend it, or take unreadable='drop'")
    warnings.warn(f"{told}: dropped", FlawWarning, stacklevel=3)


def _targets(whole: Table, frame: pd.DataFrame, columns: list[str], kind: Kind) -> Targets | None:
    found = targets_of(whole, frame, columns, kind)
    if found is not None and found.classes and bool((found.y < 0).any()):
        row = int(np.flatnonzero(found.y.numpy() < 0)[0])
        raise ValueError(
            f"{whole.where(row)} has no class in column {shown(columns[0])}, and a molecule has "
            "one: drop the row, or take kind='labels' for 0, 1 and unknown"
        )
    return found
