"""Which package may import which: floors, no circle, small folders, no file under a face's name.

Imports inside functions and for type checkers count too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("gnnlab", "layers", "rewiring", "datasets", "tasks")
ROOMS = ("gnnlab.layers", "gnnlab.rewiring", "gnnlab.datasets", "gnnlab.tasks")
FLOORS = (
    ("gnnlab._version",),
    ("gnnlab.core",),
    ("gnnlab.kernels",),
    ("gnnlab.ops.base",),
    ("gnnlab.ops.rows",),
    ("gnnlab.ops.graphs",),
    ("gnnlab.ops.backends",),
    ("gnnlab.ops.autograd",),
    ("gnnlab.ops.operators",),
    ("gnnlab.ops.functions",),
    ("gnnlab.ops",),
    ("gnnlab.contracts",),
    ("gnnlab.structure.graphs",),
    ("gnnlab.structure.stored", "gnnlab.structure.curvature", "gnnlab.structure.hops",
     "gnnlab.structure.paths", "gnnlab.structure.spectra", "gnnlab.structure.walks"),
    ("gnnlab.structure.subgraphs",),
    ("gnnlab.structure",),
    ROOMS,
    ("gnnlab.analysis", "gnnlab.runner", "gnnlab.recipes"),
    ("gnnlab.cli",),
    ("gnnlab",),
)  # fmt: skip
"""Lowest first; the longest name that a module's begins with is its floor's."""
ACROSS = {("gnnlab.tasks", "gnnlab.datasets.values.graphs")}
"""What one room may import of another: sets of graphs, which tasks are given."""
BEGUN = {
    "gnnlab.cli",
    "gnnlab.datasets.catalogue",  # tables, and one file that reads them
    "gnnlab.layers.autoencoders",
    "gnnlab.layers.directed",
    "gnnlab.rewiring.local",
}
"""Packages of one file so far."""


def name_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts if parts[0] == "gnnlab" else ["gnnlab", *parts])


@cache
def sources() -> dict[str, Path]:
    """Every module of the package by name; of a package with a face, the face."""
    files = [file for top in TOPS for file in sorted((ROOT / top).rglob("*.py"))]
    found = {name_of(file): file for file in files}
    faces = [file for top in TOPS for file in (ROOT / top).rglob("__init__.pyi")]
    return found | {name_of(file): file for file in faces}


def imported(name: str, file: Path) -> Iterator[str]:
    """The modules of ours that a module names in an import."""
    known, package = sources(), name if file.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, *filter(None, [node.module])])
            for alias in node.names:
                found = f"{base}.{alias.name}"
                if found in known or base in known:
                    yield found if found in known else base


@cache
def arrows() -> nx.DiGraph[str]:
    """An arrow from each module to each that it imports."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sources())
    for name, file in sources().items():
        graph.add_edges_from((name, other) for other in imported(name, file) if other != name)
    return graph


def floor(name: str) -> tuple[int, str]:
    """How high a module lies, and the entry that says so."""
    entries = [(entry, level) for level, names in enumerate(FLOORS) for entry in names]
    fits = [(e, level) for e, level in entries if name == e or name.startswith(e + ".")]
    entry, level = max(fits, key=lambda fit: len(fit[0]))
    return level, entry


def wrong_arrows(graph: nx.DiGraph[str]) -> list[str]:
    """Imports that go up, or from one room into another."""
    wrong = []
    for name, other in graph.edges:
        (level, own), (below, its) = floor(name), floor(other)
        across = own != its and level == below and level == floor(ROOMS[0])[0]
        if below > level or (across and (own, other) not in ACROSS):
            wrong.append(f"{name} imports {other}")
    return sorted(wrong)


def circles(graph: nx.DiGraph[str]) -> list[list[str]]:
    """Modules that import each other, by whatever way round."""
    return [sorted(found) for found in nx.strongly_connected_components(graph) if len(found) > 1]


def folders(graph: nx.DiGraph[str]) -> nx.DiGraph[str]:
    """The same between folders; faces and front modules of a package are apart from its folders."""

    def folder(name: str) -> str:
        parent = name.rpartition(".")[0]
        if sources()[name].stem == "__init__":
            return name + ".*"
        return name if parent == "gnnlab" else parent

    pairs = {(folder(name), folder(other)) for name, other in graph.edges}
    found: nx.DiGraph[str] = nx.DiGraph()
    found.add_edges_from(pair for pair in pairs if pair[0] != pair[1])
    return found


def test_imports_go_down_and_rooms_stay_apart() -> None:
    assert wrong_arrows(arrows()) == []


def test_no_file_and_no_folder_imports_itself_by_a_way_round() -> None:
    assert circles(arrows()) == []
    assert circles(folders(arrows())) == []


@pytest.mark.parametrize(
    "name, other",
    [
        ("gnnlab.ops.graphs.adjacency", "gnnlab.ops.functions.propagate"),
        ("gnnlab.layers.convolutional.gcn", "gnnlab.rewiring.spectral.fosr"),
        ("gnnlab.tasks.metrics.ranks", "gnnlab.datasets.loading"),
        ("gnnlab.core.names", "gnnlab.contracts.data"),
    ],
)
def test_a_forbidden_import_is_found(name: str, other: str) -> None:
    graph = arrows().copy()
    graph.add_edge(name, other)
    assert wrong_arrows(graph) == [f"{name} imports {other}"]


def test_a_circle_is_found() -> None:
    graph = arrows().copy()
    name, other = next(edge for edge in graph.edges if all(".core." in end for end in edge))
    graph.add_edge(other, name)
    assert any({name, other} <= set(found) for found in circles(graph))
    assert len(circles(graph)) == len(circles(arrows())) + 1


def test_folders_hold_2_to_20_files_or_packages_beside_the_face() -> None:
    held: dict[str, set[str]] = {}
    for name in sources():
        parent, _, own = name.rpartition(".")
        held.setdefault(parent, set()).add(own)
    del held[""]
    assert {name: len(own) for name, own in held.items() if len(own) > 20} == {}
    assert {name for name, own in held.items() if len(own) < 2} == BEGUN


def test_no_module_has_a_name_of_its_packages_lazy_face() -> None:
    """Importing the module would put it where the name was."""
    faces = [name for name, file in sources().items() if file.suffix == ".pyi"]
    assert len(faces) > 5
    for name in faces:
        own = {other.removeprefix(f"{name}.") for other in sources()}
        assert own & set(import_module(name).__all__) <= {"transforms"}, name
