"""``gnnlab rewire`` measures a graph before and after."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.utils import from_networkx

from gnnlab import cli
from gnnlab.datasets import Graphs
from gnnlab.datasets.values.masks import Masks
from gnnlab.rewiring import GTR, LASER, AddHops, FoSR, Identity
from gnnlab.runner.reports.rewiring_table import compare, diameter, parse_settings
from gnnlab.runner.settings.rewirings import make_rewiring
from gnnlab.structure.graphs.undirected_lists import undirected


def barbell() -> Data:
    data: Data = from_networkx(nx.barbell_graph(6, 4))
    data.num_nodes, data.name = 16, "barbell"
    data.y = (torch.arange(16) > 7).long()
    return data


def cells(text: str) -> dict[str, tuple[str, str]]:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    return {name: (before, after) for name, before, after in rows}


def test_the_table_holds_known_numbers() -> None:
    found = cells(compare(barbell(), GTR(2)))
    assert found["nodes"] == ("16", "16") and found["edges"] == ("35", "37")
    assert found["components"] == ("1", "1") and found["edges of type 1"] == ("0", "2")
    assert found["diameter"][0] == "7" and int(found["diameter"][1]) < 7
    for name, sign in (("spectral gap", 1), ("total resistance", -1)):
        before, after = map(float, found[name])
        assert sign * (after - before) > 0
    homophily = 34 / 35  # one of the bridge's edges joins two classes
    assert float(found["edge homophily"][0]) == pytest.approx(homophily, abs=1e-4)
    counts = [int(row[0]) for name, row in found.items() if " to " in name]
    assert sum(counts) == 35


def test_a_set_shows_means() -> None:
    masks = Masks(*(torch.arange(3)[:, None] == part for part in range(3)))
    path: Data = from_networkx(nx.path_graph(5))
    path.num_nodes = 5
    graphs = Graphs((barbell(), path, path), masks, classes=2, name="three")
    found = cells(compare(graphs, FoSR(1)))
    assert found["graphs"] == ("3", "3") and float(found["nodes"][0]) == pytest.approx(26 / 3, 1e-4)
    assert float(found["edges"][0]) == pytest.approx(43 / 3, rel=1e-5)
    assert float(found["edges"][1]) == pytest.approx(46 / 3, rel=1e-5)
    assert found["diameter"][0] == "5" and found["edges of type 1"] == ("0", "1")
    counts = [int(row[1]) for name, row in found.items() if name[0] == "c" and " to " in name]
    assert sum(counts) == 46


def test_a_structure_shows_what_it_stored() -> None:
    rows = cells_of_two(compare(barbell(), AddHops(2)))
    # Two cliques of six, and four nodes between them.
    assert rows == {
        "nodes": "16", "arcs": "70", "pairs at hop 1": "70", "pairs at hop 2": "28",
    }  # fmt: skip
    masks = Masks(*(torch.arange(3)[:, None] == part for part in range(3)))
    path: Data = from_networkx(nx.path_graph(5))
    path.num_nodes = 5
    three = Graphs((path, barbell(), path), masks, classes=2, name="three")
    assert cells_of_two(compare(three, AddHops(2)))["pairs at hop 2"] == f"{(28 + 12) / 3:.6g}"


def cells_of_two(text: str) -> dict[str, str]:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    return {name: stored for name, stored in rows}


def test_identity_changes_no_cell() -> None:
    assert all(before == after for before, after in cells(compare(barbell(), Identity())).values())


@pytest.mark.parametrize("seed", range(3))
def test_the_diameter_is_the_longest_within_a_component(seed: int) -> None:
    graph = nx.gnp_random_graph(300, 0.006, seed=seed)  # more nodes than are searched together
    data = from_networkx(graph)
    lists = undirected(data.edge_index, 300)
    expected = max(nx.diameter(graph.subgraph(part)) for part in nx.connected_components(graph))
    assert diameter(lists.rowptr, lists.col) == expected
    assert diameter(np.zeros(1, np.int64), np.empty(0, np.int64)) == 0


def test_the_command_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    plot = tmp_path / "curvature.png"
    command = ["rewire", "karate", "--method", "laser", "--set", "rho=0.3", "--plot", str(plot)]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert "karate, LASER(" in out and "rho=0.3" in out and "| edges of type 2" in out
    assert plot.read_bytes()[:4] == b"\x89PNG"


def test_there_is_no_curvature_to_draw_where_no_edge_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "curvature.png"
    assert cli.main(["rewire", "karate", "--method", "hops", "--plot", str(plot)]) == 2
    assert "AddHops(max_hop=5) changes no edge" in capsys.readouterr().err and not plot.exists()
    assert cli.main(["rewire", "karate", "--method", "hops"]) == 0
    assert "| pairs at hop 5 | 16" in capsys.readouterr().out


def test_names_and_settings_are_read() -> None:
    assert make_rewiring("laser", parse_settings(["rho=0.25", "snapshots = 4"])) == LASER(4, 0.25)


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("hops", ["max_hops=3"], "did you mean 'max_hop'"),
        ("hops", ["max_hop=0"], "max_hop is 0"),
        ("fosrr", [], "unknown rewiring 'fosrr'; did you mean FoSR"),
        ("gtr", ["num_edge=3"], "did you mean 'num_edges'"),
        ("gtr", [], "num_edges is missing, and GTR cannot do without it"),
        ("gtr", ["num_edges=many"], "num_edges is 'many'"),
        ("gtr", ["num_edges"], "not of the form KEY=VALUE"),
    ],
)
def test_mistakes_are_named(
    method: str, settings: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word for text in settings for word in ("--set", text)]
    assert cli.main(["rewire", "karate", "--method", method, *given]) == 2
    assert message in capsys.readouterr().err
