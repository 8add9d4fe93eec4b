"""A small valid set of every format, with its record, as random damage needs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from twin_files import (
    C,
    Files,
    Y,
    airports,
    aqsol,
    csr,
    dicts,
    fb100,
    film,
    geom_gcn,
    graph6,
    heterophilous,
    lrgb,
    npz,
    ogb,
    ogb_links,
    planetoid,
    road,
    road_json,
    road_mat,
    seal,
    smiles,
    tagged,
    tu,
    twitch,
    typed,
    zinc,
)

from gnnlab.datasets.catalogue.records import Record, Split, find


def on(like: str, source: str | None, files: Files, **changes: Any) -> tuple[Record, Files]:
    """A record like a known one, of other files and without published numbers."""
    known = find(like, source)
    kept = {"classes": C} if known.task == "node" else {}
    paths = tuple(f"twin/a/{file}" for file in files)
    base: dict[str, Any] = {"statistics": kept, "splits": {}, "url": None, "urls": {}}
    base |= {"archive": None, "default_split": "random:0", "warning": None}
    record = replace(known, name="a", files=paths, **{**base, **changes})
    return record, {path: files[path.rpartition("/")[2]] for path in paths}


def split(files: Files) -> tuple[Record, Files]:
    """The first file format again, with splits in files of their own."""
    paths = tuple(f"twin/splits/{file}" for file in files)
    splits = {"own": Split(paths, None, "")}
    record, found = on("minesweeper", "heterophilous", heterophilous(), splits=splits)
    own = {path: files[path.rpartition("/")[2]] for path in paths}
    return replace(record, default_split="own"), {**found, **own}


def folds(files: Files, order: bool = False) -> tuple[Record, Files]:
    paths = tuple(f"twin/folds/{file}" for file in files)
    place = ("twin/folds/order.txt", "") if order else None
    own = {path: files[path.rpartition("/")[2]] for path in paths}
    if order:
        own["twin/folds/order.txt"] = (
            b"3\n3 1\n0 1 1\n2 2 0 2\n2 1 1\n1 0\n0 0\n2 1\n5 1 1\n0 1 0\n"
        )
    splits = {"own": Split(paths, None, "", place)}
    record, found = on("ENZYMES", "tu", tu(), splits=splits, default_split="own")
    return replace(record, statistics=LABELLED), {**found, **own}


FOLD = {"test": [0], "model_selection": [{"train": [1], "validation": [2]}]}
INDEX = {f"{part}.index": f"{i}\n{i}\n".encode() for i, part in enumerate(("train", "val", "test"))}
TEXT = {
    "train_1.txt": b"1\n2\n",
    "train_2.txt": b"0\n1\n",
    "test_1.txt": b"0\n",
    "test_2.txt": b"2",
}
MASKS = {
    f"{i}.npz": npz(train_mask=Y == 0, val_mask=Y == 1, test_mask=Y == 2) for i in range(2)
}  # fmt: skip
LISTS = {"s.npz": npz(train=np.arange(3), valid=np.arange(3, 6), test=np.arange(6, 9))}
GRAPHS = {"targets": ("u", "v")}
BENCH = "benchmarking-gnns"
LRGB = {"folder": "folder", "suffix": "pt", "target": "pairs", "features": "atoms"}
SUPER = {**LRGB, "suffix": "pickle", "target": "nodes", "features": "superpixels"}
TABLE = {"features": "smiles", "smiles": "smiles", "columns": ["y"]}
NEAR: dict[str, Any] = {
    "options": {"label": "local"}, "statistics": {"classes": 10}, "default_split": "city:0",
}  # fmt: skip
LABELLED = {"classes": 2, "features": 3, "attributes": 2}

TWINS: dict[str, Callable[[], tuple[Record, Files]]] = {
    "heterophilous": lambda: on(
        "minesweeper",
        "heterophilous",
        heterophilous(),
        default_split="platonov",
    ),
    "npz": lambda: on("cora_ml", "npz", csr(), statistics={"classes": C}),
    "npz without features": lambda: on("polblogs", "npz", csr(), statistics={"classes": C}),
    "geom_gcn": lambda: on("cornell", "geom-gcn", geom_gcn(), options={"columns": 4}),
    "geom_gcn positions": lambda: on(
        "film",
        "geom-gcn",
        geom_gcn(True),
        options={"columns": 4, "sparse": True},
    ),
    "fb100": lambda: on("Reed98", "fb100", fb100(), statistics={"classes": 2}),
    "fb100 plain": lambda: on("Reed98", "fb100", fb100(False), statistics={"classes": 2}),
    "twitch": lambda: on("RU", "twitch", twitch(), statistics={"classes": 2}),
    "airports": lambda: on("brazil", "airports", airports()),
    "planetoid": lambda: on("cora", "planetoid", planetoid(), default_split="public"),
    "road": lambda: on("Anaheim", "road", road(), **NEAR),
    "road json": lambda: on("Anaheim", "road", road_json(), **NEAR),
    "road mat": lambda: on("minnesota", "road", road_mat(), **NEAR),
    "tu": lambda: on("ENZYMES", "tu", tu(), statistics=LABELLED),
    "tu bare": lambda: on("IMDB-BINARY", "tu", tu(False), statistics={"classes": 2}),
    "gnn_film": lambda: on(
        "qm9",
        None,
        film(),
        options=GRAPHS,
        statistics={"classes": 2, "attributes": 2},
    ),
    "typed_csv": lambda: on("zinc12k_rebuilt", None, typed(), default_split="public"),
    "smiles_csv": lambda: on("ESOL", None, smiles(), options=TABLE),
    "smiles_csv classes": lambda: on(
        "BBBP",
        None,
        smiles(),
        options={**TABLE, "classes": True},
        default_split="scaffold",
    ),
    "lrgb": lambda: on("PCQM-Contact", "lrgb", lrgb("pairs"), options=LRGB, default_split="public"),
    "lrgb graphs": lambda: on(
        "Peptides-struct",
        "lrgb",
        lrgb("graph"),
        options={**LRGB, "target": "graph"},
        default_split="public",
    ),
    "lrgb pickle": lambda: on(
        "PascalVOC-SP",
        "lrgb",
        lrgb("nodes", "pickle"),
        options=SUPER,
        default_split="public",
    ),
    "zinc": lambda: on("ZINC", BENCH, zinc(), default_split="public"),
    "aqsol": lambda: on("AQSOL", BENCH, aqsol(), default_split="public"),
    "dicts": lambda: on("MNIST", BENCH, dicts(), default_split="public"),
    "ogb": lambda: on("ogbg-molhiv", None, ogb(), default_split="scaffold"),
    "ogb_links": lambda: on(
        "ogbl-collab",
        None,
        ogb_links("ogbl-collab", True),
        statistics={"features": 4},
    ),
    "ogb_links old": lambda: on(
        "ogbl-ppa",
        None,
        ogb_links("ogbl-ppa", False),
        statistics={"features": 4},
    ),
    "graph6": lambda: on("sr16622", None, graph6()),
    "graph6 classes": lambda: on("CSL", None, graph6(True)),
    "tagged": lambda: on("EXP", None, tagged()),
    "seal": lambda: on("USAir", None, seal()),
    "masks": lambda: split(MASKS),
    "lists": lambda: split(LISTS),
    "folds json": lambda: folds({"s.json": json.dumps([FOLD] * 2).encode()}),
    "folds index": lambda: folds(INDEX),
    "folds txt": lambda: folds(TEXT, order=True),
}
"""By name, whose first word is the reader's where it is one of ``datasets/readers``."""
