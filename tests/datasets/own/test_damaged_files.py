"""Damaged files of one's own: whatever lies in them, an answer or one sentence of ours."""

from __future__ import annotations

import gzip
import random
import shutil
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from scipy import sparse
from scipy.io import mmwrite

from gnnlab import datasets
from gnnlab.core.errors import KNOWN
from tests.datasets.own.test_reading import ONE, TU, written
from tests.datasets.own.written import KNOWS, files

WORDS = (
    b",", b"\n", b'"', b"nan", b"-1", b"1e400", b"99999999999999999999", b"\xff\xfe", b"\0", b" ",
    b"\t", b"inf", b"1.5", b";", b"'", "é".encode(), b"\r",
)  # fmt: skip


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change a few bytes, take some away, put some in, or cut the end."""
    found = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(found) + 1)
        way = rng.randrange(5)
        if way == 0 and found:
            found[place % len(found)] = rng.randrange(256)
        elif way == 1:
            del found[place : place + rng.randrange(1, 20)]
        elif way == 2:
            found[place:place] = rng.choice(WORDS)
        elif way == 3:
            found[place:place] = found[: rng.randrange(30)]
        else:
            del found[place:]
    return bytes(found)


def graph() -> nx.Graph[int]:
    return nx.karate_club_graph().subgraph(range(6)).copy()


MAKE: dict[str, Callable[[Path], object]] = {
    "tables": files,
    "list.txt": lambda f: (f / "list.txt").write_text("# Directed graph\n1 2\n2 3\n3 4\n"),
    "mol.csv": lambda f: (f / "mol.csv").write_text("smiles,y\nCCO,1.5\nC1CC1,2\nCN,3\nC,4\n"),
    "g.graphml": lambda f: nx.write_graphml(graph(), f / "g.graphml"),
    "g.gml": lambda f: nx.write_gml(graph(), f / "g.gml"),
    "g.gexf": lambda f: nx.write_gexf(graph(), f / "g.gexf"),
    "m.mtx": lambda f: mmwrite(f / "m.mtx", sparse.random_array((5, 5), density=0.5, rng=0)),
    "m.npz": lambda f: sparse.save_npz(f / "m.npz", sparse.csr_array(np.eye(4))),
    "e.csv.gz": lambda f: (f / "e.csv.gz").write_bytes(gzip.compress(b"u,v\n1,2\n2,3\n")),
    "e.parquet": lambda f: KNOWS.to_parquet(f / "e.parquet"),
    "tu": lambda f: written(f, TU),
    "ogb": lambda f: written(f, ONE),
}


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("cases", [6, pytest.param(400, marks=pytest.mark.nightly)])
def test_an_answer_or_one_sentence(kind: str, cases: int, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    MAKE[kind](whole)
    for case in range(cases):
        rng = random.Random(case)
        place = tmp_path / "damaged"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(whole, place)
        file = rng.choice(sorted(path for path in place.rglob("*") if path.is_file()))
        file.write_bytes(damaged(file.read_bytes(), rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                datasets.card(datasets.read(place / kind if "." in kind else place))
        except KNOWN as error:
            last = traceback.extract_tb(error.__traceback__)[-1].filename
            assert "\n" not in str(error) and "/datasets/" in last, (case, error, last)
