"""SciPy matrices: adjacency, features and labels as arrays have them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_flag
from gnnlab.core.settings import checked
from gnnlab.datasets.kinds.build_data import build
from gnnlab.datasets.own.tabular.edges import Edges, arranged
from gnnlab.datasets.own.tabular.frames import frame_of, table
from gnnlab.datasets.own.tabular.labels import Kind, Targets, targets_of
from gnnlab.datasets.splits.of_own import split as divided

if TYPE_CHECKING:
    from torch_geometric.data import Data


@checked
def from_scipy(
    matrix: Any,
    features: Any = None,
    labels: Any = None,
    *,
    directed: bool | None = None,
    kind: Kind = "auto",
    split: Any = None,
    name: str = "own",
) -> Data:
    """Graph of an adjacency matrix, whose row is the source and whose column is the target.

    Entries are edge weights unless all are 1; stored zeros are no edges.

    Args:
        matrix: (N, N), of scipy.sparse in any format, or a dense array.
        features: (N, F), dense or sparse; a sparse one stays sparse, in CSR.
        labels: (N,) of classes by number or name, or numbers; (N, T) of several.
        directed: None takes a symmetric matrix as undirected and any other as directed. False adds
            the reverse of every entry, for matrices that hold each edge once.
        kind: of labels, as :func:`gnnlab.datasets.from_tables` has it.
        split: as :func:`gnnlab.datasets.split` takes it (a kind, lists or a column), or None.
        name: of the graph.

    Shapes:
        x (N, F) float32; edge_index (2, E), edge_weight (E,) float32; y as ``from_tables``.

    Raises:
        ValueError: a matrix that is not square, rows of another number, entries that are not
            finite.

    Example:
        >>> import numpy as np
        >>> path = np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]])
        >>> data = from_scipy(path, labels=["a", "b", "a"])
        >>> data.edge_index.tolist(), data.edge_weight.tolist(), data.y.tolist()
        ([[0, 1, 1, 2], [1, 0, 2, 1]], [1.0, 1.0, 2.0, 2.0], [0, 1, 0])
    """
    found = _square(matrix)
    nodes = found.shape[0]
    if directed is None:
        directed = (abs(found - found.T) > 0).nnz > 0
    check_flag("directed", directed)
    entries = found.tocoo()
    source, target = (end.astype(np.int64) for end in (entries.row, entries.col))
    weights: dict[str, Any] = {}
    if entries.nnz and not (entries.data == 1).all():
        weights["edge_weight"] = entries.data.astype(np.float32)
    edges = arranged(Edges(source, target, weights), nodes, directed)
    x = torch.zeros(nodes, 0) if features is None else _features(features, nodes)
    targets = _targets(labels, nodes, kind)
    kept = {key: torch.from_numpy(value) for key, value in edges.values.items()}
    if targets is not None and targets.classes:
        kept["class_names"] = targets.class_names  # type: ignore[assignment]  # a key like any
    data = build(
        x,
        torch.from_numpy(np.stack([edges.source, edges.target])),
        None if targets is None else targets.y,
        0 if targets is None else targets.classes,
        None,
        name,
        source="own",
        **kept,
    )
    return data if split is None else divided(data, split)


def _square(matrix: Any) -> Any:
    from scipy import sparse

    if isinstance(matrix, Tensor):
        matrix = matrix.detach().cpu().to_dense().numpy()
    array = isinstance(matrix, np.ndarray | list) or sparse.issparse(matrix)
    found = sparse.csr_array(matrix) if array and np.ndim(matrix) == 2 else None
    if found is None or found.shape[0] != found.shape[1] or not found.shape[0]:
        shape = getattr(matrix, "shape", None)
        told = described(matrix) if shape is None else f"of shape {tuple(shape)}"
        raise ValueError(
            f"matrix is {told}, but an adjacency matrix is square, with a row and a column for "
            "every node: of two kinds of nodes, take scipy.sparse.block_array([[None, B], [B.T, "
            "None]])"
        )
    if found.dtype.kind == "c" or not np.isfinite(found.data).all():
        raise ValueError(
            f"matrix holds {found.dtype} entries that are no finite numbers: leave these out, since"
            " an entry that is not stored is no edge"
        )
    found.sum_duplicates()
    found.eliminate_zeros()
    return found.astype(np.float64)


def _features(features: Any, nodes: int) -> Tensor:
    from scipy import sparse

    if sparse.issparse(features):
        rows: Any = features
        found = _compressed(rows.tocsr())
    elif isinstance(features, Tensor):
        found = features.float()
    else:
        try:
            found = torch.from_numpy(np.array(features, dtype=np.float32))
        except (TypeError, ValueError):
            raise ValueError(
                f"features is {described(features)}, but features are numbers, (N, F): give an "
                "array, a matrix or a tensor"
            ) from None
    if found.dim() != 2 or found.shape[0] != nodes:
        raise ValueError(
            f"features are {tuple(found.shape)}, but the matrix has {nodes} nodes: give ({nodes}, "
            "F)"
        )
    return found


def _compressed(rows: Any) -> Tensor:
    """A CSR matrix as a CSR tensor."""
    starts, columns = (torch.from_numpy(p.astype(np.int64)) for p in (rows.indptr, rows.indices))
    values = torch.from_numpy(rows.data.astype(np.float32))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Sparse CSR tensor support is in beta", UserWarning)
        return torch.sparse_csr_tensor(
            starts, columns, values, size=rows.shape, check_invariants=False
        )


def _targets(labels: Any, nodes: int, kind: Kind) -> Targets | None:
    if labels is None:
        return None
    import pandas as pd

    frame = frame_of("labels", labels)
    frame.columns = pd.Index([f"label {i}" if frame.shape[1] > 1 else "label" for i in frame])
    if len(frame) != nodes:
        raise ValueError(
            f"labels have {len(frame)} rows, but the matrix has {nodes} nodes: give every node one"
        )
    return targets_of(table(frame, "labels"), frame, list(frame.columns), kind)
