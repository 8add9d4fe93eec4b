"""MatrixMarket files: square matrices as text, read as adjacency.

SciPy's reader trusts the head of a file: one that says fewer entries than there are ends the
process.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnnlab.datasets.files.bounds import most
from gnnlab.datasets.files.damage import in_brief
from gnnlab.datasets.files.sources import checksum
from gnnlab.datasets.own.scipy_matrix import from_scipy
from gnnlab.datasets.own.tabular.text_files import opened

if TYPE_CHECKING:
    from torch_geometric.data import Data

MARK = "%%matrixmarket"
FIELDS, SYMMETRIES = ("real", "integer", "pattern"), ("general", "symmetric", "skew-symmetric")


def graph_of_matrix(path: Path, **options: Any) -> Data:
    """Read a square matrix of a MatrixMarket file, packed or not, as adjacency.

    Args:
        path: of the file.
        options: as :func:`gnnlab.datasets.from_scipy` takes them.

    Raises:
        ValueError: a file that says other than it holds, numbers that are complex, and as
            ``from_scipy``.

    Source:
        Boisvert, Pozo and Remington, "The Matrix Market exchange formats: initial design", NIST
        1996 (https://math.nist.gov/MatrixMarket/formats.html).
    """
    name = path.name.partition(".")[0] or path.name
    data = from_scipy(_matrix(path), **{"name": name, **options})
    data.raw_hash = checksum(path)
    return data


def _matrix(path: Path) -> Any:
    from scipy import sparse

    form, field, symmetry, sizes, above = _head(path)
    rows, columns = sizes[:2]
    if rows != columns or rows < 1:
        raise _wrong(path, f"it is {rows} by {columns}, and an adjacency matrix is square")
    entries = _entries(path, above, 1 if form == "array" else 2 + (field != "pattern"))
    if form == "array":
        return _dense(path, entries[:, 0], rows, symmetry)
    if len(entries) != sizes[2]:
        raise _wrong(path, f"its head says {sizes[2]} entries, and it has {len(entries)}")
    places = entries[:, :2].astype(np.int64) - 1
    if len(places) and not (0 <= places.min() and places.max() < rows):
        raise _wrong(path, f"an entry lies outside rows and columns 1 to {rows}")
    if rows > most(path):
        raise _wrong(path, f"it has {rows} rows, more than a file of its size can fill")
    values = np.ones(len(entries)) if field == "pattern" else entries[:, 2]
    found = sparse.coo_array((values, tuple(places.T)), shape=(rows, rows)).tocsr()
    return _mirrored(found, symmetry)


def _head(path: Path) -> tuple[str, str, str, list[int], int]:
    """Form, field and symmetry, the sizes, and how many lines lie above the entries."""
    with opened(path) as file:
        words = file.readline().lower().split()
        if len(words) != 5 or words[:2] != [MARK, "matrix"]:
            raise _wrong(path, "its first line is no %%MatrixMarket matrix FORM FIELD SYMMETRY")
        form, field, symmetry = words[2:]
        count = {"coordinate": 3, "array": 2}.get(form, 0)
        if not count or field not in FIELDS or symmetry not in SYMMETRIES:
            raise _wrong(
                path,
                f"it is {form} {field} {symmetry}, and what is read is coordinate or array, "
                f"{', '.join(FIELDS)}, {', '.join(SYMMETRIES)}",
            )
        for above, line in enumerate(file, start=2):
            if line.strip() and not line.startswith("%"):
                sizes = line.split()
                if len(sizes) != count or not all(word.isdigit() for word in sizes):
                    break
                return form, field, symmetry, [int(word) for word in sizes], above
    raise _wrong(path, "it says no sizes")


def _entries(path: Path, above: int, columns: int) -> np.ndarray[Any, Any]:
    import pandas as pd

    try:
        found = pd.read_csv(
            path, sep=r"\s+", header=None, skiprows=above, comment="%", names=range(columns),
            index_col=False, dtype=np.float64,
        )  # fmt: skip
    except pd.errors.EmptyDataError:
        return np.empty((0, columns))
    except Exception as error:
        raise _wrong(path, in_brief(error)) from None
    if bool(found.isna().any(axis=None)):
        raise _wrong(path, f"an entry has fewer than {columns} numbers")
    return found.to_numpy()


def _dense(path: Path, values: np.ndarray[Any, Any], rows: int, symmetry: str) -> Any:
    """Entries of a column after another: of a symmetric matrix those on and below the diagonal."""
    below = {"general": None, "symmetric": 0, "skew-symmetric": 1}[symmetry]
    wanted = rows * rows if below is None else rows * (rows + 1) // 2 - below * rows
    if len(values) != wanted:
        raise _wrong(path, f"{rows} rows and columns take {wanted} entries, it has {len(values)}")
    found = np.zeros((rows, rows))
    if below is None:
        return values.reshape(rows, rows).T
    found.T[np.triu_indices(rows, below)] = values
    return _mirrored(found, symmetry)


def _mirrored(found: Any, symmetry: str) -> Any:
    """The entries that symmetry leaves out, put in."""
    if symmetry == "general":
        return found
    sign = -1 if symmetry == "skew-symmetric" else 1
    from scipy import sparse

    lower = sparse.csr_array(found)
    return lower + sign * sparse.tril(lower, -1).T + sign * sparse.triu(lower, 1).T


def _wrong(path: Path, problem: str) -> ValueError:
    return ValueError(f"{path} cannot be read as MatrixMarket ({problem}): write it anew")
