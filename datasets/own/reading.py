"""Reading of a file or folder of one's own, whichever of the known kinds it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnnlab.core.arguments import shown
from gnnlab.core.settings import checked
from gnnlab.datasets.own.edge_lists import graph_of_list, is_edge_list
from gnnlab.datasets.own.graph_files import NETWORKX, graph_of_file
from gnnlab.datasets.own.matrix_market import graph_of_matrix
from gnnlab.datasets.own.molecule_tables import molecules
from gnnlab.datasets.own.networkx_graph import from_networkx
from gnnlab.datasets.own.ogb_folder import graphs_of_ogb, is_ogb_folder
from gnnlab.datasets.own.scipy_matrix import from_scipy
from gnnlab.datasets.own.tables import from_tables
from gnnlab.datasets.own.tabular.columns import ENDS, SMILES
from gnnlab.datasets.own.tabular.frames import PARQUET, TEXT, table
from gnnlab.datasets.own.tabular.text_files import first_lines, kind_of_name
from gnnlab.datasets.own.tu_folder import graphs_of_tu, is_tu_folder
from gnnlab.datasets.splits.of_own import split

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets.values.graphs import Graphs

MATRICES = (".mtx", ".mm")
LISTS = (".edges", ".edgelist", ".el", ".txt", ".tsv", ".csv")
NODES, EDGES = ("nodes", "node", "vertices"), ("edges", "edge", "links")
"""What the two tables of a folder are called, before their ending."""


@dataclass(frozen=True)
class Kind:
    """A kind of file or folder.

    Attributes:
        name: in words.
        fits: whether a path is of it.
        read: makes the graph, or the set of graphs.
        takes: functions whose options it has.
        given: arguments of these that the file is, and so are no options.
    """

    name: str
    fits: Callable[[Path], bool]
    read: Callable[..., Data | Graphs]
    takes: tuple[Callable[..., Any], ...]
    given: tuple[str, ...] = ("matrix", "edges", "nodes")

    @property
    def options(self) -> tuple[str, ...]:
        """The options of it, by name."""
        found = dict.fromkeys(
            name
            for function in self.takes
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is not parameter.VAR_KEYWORD
        )
        return tuple(name for name in found if name not in ("path", "folder", *self.given))


@checked
def read(path: str | Path, **options: Any) -> Data | Graphs:
    """Graph, or set of graphs, of a file or folder, whose kind is told by its name and content.

    A **folder** holds two tables, ``nodes`` and ``edges`` (``.csv``, ``.tsv`` or ``.parquet``; see
    :func:`from_tables`), the text files of a TU set, or the raw tables of the Open Graph Benchmark.
    A **file** is a table of edges, a table with a column of SMILES (see :func:`molecules`), an edge
    list as SNAP has them, GraphML, GML, GEXF (see :func:`from_networkx`), or a matrix in
    MatrixMarket or of ``scipy.sparse.save_npz`` (see :func:`from_scipy`). Text may be packed
    (``.gz``, ``.bz2``, ``.xz``).

    Args:
        path: of the file or folder.
        options: of the function that reads this kind, such as ``directed``, ``label`` or
            ``features``.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: no known kind (with a list of them), an option that this kind has not, and what
            is wrong with the content.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "ring.txt"
        >>> _ = file.write_text("# a ring\\n0 1\\n1 2\\n2 0\\n")
        >>> read(file).edge_index.tolist()
        [[0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]]
    """
    place = Path(path).expanduser()
    if not place.exists():
        raise FileNotFoundError(f"{place} is not there: give the path of a file or folder that is")
    kind = kind_of(place)
    for name in options:
        if name not in kind.options:
            raise ValueError(
                f"{place.name} is read as {kind.name}, which has no option {name!r}: it has "
                f"{', '.join(kind.options)}"
            )
    return kind.read(place, **options)


def kind_of(path: Path) -> Kind:
    """Find out which kind a file or folder is.

    Raises:
        ValueError: none of those that are known.
    """
    kinds = FOLDERS if path.is_dir() else FILES
    found = next((kind for kind in kinds if kind.fits(path)), None)
    if found is None:
        what = "folder" if path.is_dir() else "file"
        known = "; ".join(kind.name for kind in kinds)
        raise ValueError(
            f"{path} is no {what} of a known kind: a {what} is {known}; or read it yourself and "
            "give datasets.from_tables, from_networkx or from_scipy what you have"
        )
    return found


def _tables(folder: Path, **options: Any) -> Data:
    nodes, edges = _named(folder, NODES), _named(folder, EDGES)
    return from_tables(nodes, edges, **{"name": folder.resolve().name, **options})


def _named(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The table of a folder with one of these names."""
    for path in sorted(folder.iterdir()):
        known = kind_of_name(path) in TEXT + PARQUET
        if known and path.name.partition(".")[0].lower() in names:
            return path
    return None


def _columns(path: Path) -> set[str]:
    """The columns of a table, in small letters; none of what is no table.

    Raises:
        ValueError: a file that is empty, damaged or no text.
    """
    kind = kind_of_name(path)
    if kind not in TEXT + PARQUET:
        return set()
    if kind in TEXT:
        first_lines(path)
    try:
        found = table(path, "file")
    except ValueError:
        if kind in TEXT:  # such as an edge list that begins with a loop, "a,a"
            return set()
        raise
    return {column.lower() for column in found.columns} if found.headed else set()


def _has_ends(path: Path) -> bool:
    columns = _columns(path)
    return any({*pair} <= columns for pair in ENDS)


def _packed_matrix(path: Path, **options: Any) -> Data:
    from scipy import sparse

    try:
        matrix = sparse.load_npz(path)
    except Exception as error:
        raise ValueError(
            f"{path} holds no matrix of scipy.sparse ({shown(str(error))}): write it with "
            "scipy.sparse.save_npz"
        ) from None
    return from_scipy(matrix, **{"name": path.stem, **options})


FILES = (
    Kind("GraphML, GML or GEXF", lambda p: kind_of_name(p) in NETWORKX, graph_of_file,
         (from_networkx, from_tables), ("graph", "edges", "nodes", "id", "source", "target")),
    Kind("a matrix in MatrixMarket (.mtx)", lambda p: kind_of_name(p) in MATRICES, graph_of_matrix,
         (from_scipy,)),
    Kind("a matrix of scipy.sparse.save_npz (.npz)", lambda p: p.suffix == ".npz", _packed_matrix,
         (from_scipy,)),
    Kind("a table with a column of SMILES", lambda p: bool(_columns(p) & {*SMILES[:2]}), molecules,
         (molecules, split), ("smiles", "data", "by")),
    Kind("a table of edges (columns source and target, …)", _has_ends,
         lambda p, **options: from_tables(options.pop("nodes", None), p, **options),
         (from_tables,), ("edges",)),
    Kind("an edge list (two cells a line)",
         lambda p: kind_of_name(p) in (*LISTS, "") and is_edge_list(p), graph_of_list,
         (graph_of_list, from_tables), ("edges",)),
)  # fmt: skip
FOLDERS = (
    Kind("tables nodes and edges (.csv, .tsv or .parquet)",
         lambda p: _named(p, EDGES) is not None and not is_ogb_folder(p), _tables, (from_tables,)),
    Kind("the text files of a TU set (NAME_A.txt, NAME_graph_indicator.txt, …)", is_tu_folder,
         graphs_of_tu, (graphs_of_tu,)),
    Kind("raw tables of the Open Graph Benchmark (raw/edge.csv.gz, raw/num-node-list.csv.gz, …)",
         is_ogb_folder, graphs_of_ogb, (graphs_of_ogb,)),
)  # fmt: skip
