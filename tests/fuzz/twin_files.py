"""Small valid files in every format that is read."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse
import torch
from scipy.io import savemat

from gnnlab.datasets.catalogue.records import find
from tests.datasets.old_pickles import Python2Pickler

N, C = 12, 3
Y = np.arange(N) % C
PAIRS = np.array([[i, (i + 1) % N] for i in range(N)] + [[0, 5], [3, 9]])
BOTH = np.concatenate([PAIRS, PAIRS[:, ::-1]])
X = np.random.default_rng(0).integers(0, 2, (N, 4)).astype(np.float32)
Files = dict[str, bytes]


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def mat(compressed: bool = True, **arrays: Any) -> bytes:
    file = io.BytesIO()
    savemat(file, arrays, do_compression=compressed)
    return file.getvalue()


def saved(value: Any, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def table(values: Any, sep: str = ",") -> bytes:
    return "".join(sep.join(f"{v:g}" for v in np.atleast_1d(row)) + "\n" for row in values).encode()


def packed(values: Any) -> bytes:
    return gzip.compress(table(values))


def sparse(values: Any, name: str) -> dict[str, Any]:
    matrix = scipy.sparse.csr_matrix(values)
    return {f"{name}_{p}": getattr(matrix, p) for p in ("data", "indices", "indptr", "shape")}


def matrix() -> scipy.sparse.csc_matrix:
    return scipy.sparse.csc_matrix((np.ones(len(BOTH)), BOTH.T), shape=(N, N))


def heterophilous() -> Files:
    part = np.random.default_rng(0).integers(0, 3, (10, N))
    masks = {f"{p}_masks": part == i for i, p in enumerate(("train", "val", "test"))}
    return {"a.npz": npz(node_features=X, node_labels=Y, edges=PAIRS, **masks)}


def csr() -> Files:
    return {"a.npz": npz(labels=Y, **sparse(matrix(), "adj"), **sparse(X, "attr"))}


def geom_gcn(positions: bool = False) -> Files:
    rows = [np.flatnonzero([1, *row[1:]]) if positions else row.astype(int) for row in X]
    lines = "".join(f"{i}\t{','.join(map(str, row))}\t{Y[i]}\n" for i, row in enumerate(rows))
    edges = b"node_id\tnode_id\n" + table(PAIRS, "\t")
    return {"edges.txt": edges, "nodes.txt": b"node_id\tfeature\tlabel\n" + lines.encode()}


def fb100(compressed: bool = True) -> Files:
    info = np.random.default_rng(0).integers(0, 3, (N, 7)).astype(float)
    return {"a.mat": mat(compressed, A=matrix(), local_info=info)}


def twitch() -> Files:
    target = "".join(f"{100 + i},9,{i % 2 == 1},5,False,{i}\n" for i in range(N))
    return {
        "edges.csv": b"from,to\n" + table(PAIRS),
        "features.json": json.dumps({str(i): [i, 3169] for i in range(N)}).encode(),
        "target.csv": b"id,days,mature,views,partner,new_id\n" + target.encode(),
    }


def airports() -> Files:
    codes = np.random.default_rng(0).permutation(1000)[:N]
    labels = b"node label\n" + table(np.stack([codes, Y], 1), " ")
    return {"edges": table(codes[PAIRS], " "), "labels.txt": labels}


def old_pickle(value: Any) -> bytes:
    file = io.BytesIO()
    Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def planetoid() -> Files:
    hot, test = np.eye(C)[Y], np.array([11, 8, 9, 10])
    graph = {u: [int(v) for w, v in BOTH if w == u] for u in range(N)}
    rows = scipy.sparse.csr_matrix(X)
    parts = {"x": rows[:3], "allx": rows[:8], "tx": rows[test], "y": hot[:3], "ally": hot[:8]}
    parts |= {"ty": hot[test], "graph": graph}
    files = {f"ind.a.{key}": old_pickle(part) for key, part in parts.items()}
    return {**files, "ind.a.test.index": table(test)}


NET = (
    "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 14\n<END OF METADATA>\n\n"
    "~\tinit_node\tterm_node\tcapacity\tlength\tfree_flow_time\tspeed\tlink_type\t;\n"
) + "".join(f"\t{u + 3}\t{v + 3}\t9\t{1 + u}\t1\t5\t{u % 3}\t;\n" for u, v in BOTH)
PLACES = [(i, 10 * i, i * i) for i in range(1, N + 3)]


def road() -> Files:
    return {"a_net.tntp": NET.encode(), "a_node.tntp": b"node\tX\tY\t;\n" + table(PLACES, "\t")}


def road_json() -> Files:
    rows = [{"properties": {"id": i}, "geometry": {"coordinates": [x, y]}} for i, x, y in PLACES]
    places = json.dumps({"features": rows}).encode()
    return {"a_net.tntp": NET.encode(), "a.geojson": places}


def road_mat() -> Files:
    return {"a.mat": mat(A=matrix(), xy=np.random.default_rng(0).normal(size=(N, 2)))}


def tu(labels: bool = True) -> Files:
    files = {
        "a_A.txt": b"1, 2\n2, 1\n2, 3\n3, 2\n5, 6\n6, 5\n",
        "a_graph_indicator.txt": b"1\n1\n1\n2\n3\n3\n",
        "a_graph_labels.txt": b"7\n-1\n7\n",
    }
    if labels:
        files["a_node_labels.txt"] = b"0\n2\n2\n0\n5\n0\n"
        files["a_node_attributes.txt"] = b"0.5, 1\n1, 2\n2, 3\n3, 4\n4, 5\n5, -6.25\n"
    return files


def film() -> Files:
    row = {"graph": [[0, 1, 1], [1, 3, 2]], "node_features": [[1, 0], [0, 1], [0, 1]]}
    rows = [{**row, "targets": [[1.5], [n]]} for n in range(3)]
    return {"valid.jsonl.gz": gzip.compress("".join(json.dumps(r) + "\n" for r in rows).encode())}


def typed() -> Files:
    rows = "atoms,bonds,y\n0 1 2,0-1:1 1-2:2,0.5\n3 4,0-1:1,-1\n"
    return {f"zinc_{part}.csv": rows.encode() for part in ("train", "val", "test")}


def smiles() -> Files:
    rows = ("N[C@@H](C)C(=O)O,1", "F/C=C\\Cl,0", "c1ccc2ccccc2c1,1", "[Na+].[13CH3:2]%10CC%10,0")
    return {"a.csv": ("smiles,y\n" + "\n".join(rows) + "\n").encode()}


def rings(target: str) -> list[tuple[Any, ...]]:
    ring = torch.arange(4)
    ends = torch.stack([torch.cat([ring, ring.roll(1)]), torch.cat([ring.roll(1), ring])])
    x, attr = torch.rand(4, 3).half(), torch.zeros(8, 2, dtype=torch.int64)
    last = {
        "pairs": (torch.tensor([[0, 1], [2, 3]]), torch.tensor([1, 0])),
        "nodes": (np.array([0, 1, 2, 1], dtype=np.uint8),),
        "graph": (torch.tensor([[0.5, 1.0]]),),
    }
    return [(x, attr, ends, *last[target])] * 3


def lrgb(target: str, suffix: str = "pt") -> Files:
    value = rings(target)
    content = saved(value) if suffix == "pt" else pickle.dumps(value, protocol=4)
    parts = {f"folder/{part}.{suffix}": content for part in ("train", "val", "test")}
    return {"a.zip": archive(**parts)}


def zinc() -> Files:
    bonds = torch.tensor([[0, 1, 0], [1, 0, 2], [0, 2, 0]], dtype=torch.int8)
    one = {
        "atom_type": torch.tensor([0, 1, 27], dtype=torch.int8),
        "bond_type": bonds,
        "logP_SA_cycle_normalized": torch.tensor([0.5]),
    }
    parts = ("train", "val", "test")
    members = {f"molecules/{part}.pickle": pickle.dumps([one] * 4) for part in parts}
    lists = {f"{part}.index": b"3,1\n" for part in parts}
    return {"molecules.zip": archive(**members), **lists}


def aqsol() -> Files:
    bonds = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
    rows = [(np.arange(3) + 1, np.ones(4, dtype=np.int64), bonds, np.float64(-1.5))] * 3
    return {f"{part}.pickle": pickle.dumps(rows) for part in ("train", "val", "test")}


def dicts() -> Files:
    ends = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
    one = {"x": torch.rand(3, 2), "edge_index": ends, "y": torch.tensor([1]), "pos": X[:3, :2]}
    one["pos"] = torch.from_numpy(X[:3, :2])
    return {"a.zip": archive(a_dot_pt=saved([[one] * 2] * 3))}


def ogb() -> Files:
    tables = {
        "raw/num-node-list": [3, 2], "raw/num-edge-list": [2, 1],
        "raw/node-feat": [[5, 0, 1]] * 5, "raw/edge": [[0, 1], [1, 2], [0, 1]],
        "raw/edge-feat": [[0, 1]] * 3, "raw/graph-label": [1, 0],
        "split/scaffold/train": [0], "split/scaffold/valid": [1], "split/scaffold/test": [1],
    }  # fmt: skip
    tables["split/scaffold/test"] = np.empty(0)  # type: ignore[assignment]
    return {"a.zip": archive(**{f"hiv/{k}.csv.gz": packed(v) for k, v in tables.items()})}


def ogb_links(name: str, zipped: bool) -> Files:
    options = find(name).options
    files = {"raw/edge": packed(PAIRS), "raw/num-node-list": packed([N])}
    files["raw/node-feat"] = packed(X)
    for own, size in (("edges", len(PAIRS)), ("nodes", N)):
        files |= {f"raw/{key}": packed(np.arange(size)) for key in options.get(own, ())}
    part = {"edge": PAIRS, "edge_neg": torch.from_numpy(PAIRS[:, ::-1].copy())}
    members = {f"{options['folder']}/{key}.csv.gz": value for key, value in files.items()}
    for key in ("train", "valid", "test"):
        place = f"{options['folder']}/split/{options['split']}/{key}.pt"
        members[place] = saved(part, zipped)
    return {"a.zip": archive(**members)}


def graph6(classes: bool = False) -> Files:
    drawn = [nx.gnp_random_graph(n, 0.5, seed=n) for n in (3, 8, 70)]
    files = {"a.g6": b"".join(nx.to_graph6_bytes(graph, header=False) for graph in drawn)}
    return {**files, "a_classes.txt": b"0 1 1\n"} if classes else files


def tagged() -> Files:
    return {"a.txt": b"2\n3 1\n0 1 1\n1 2 0 2\n0 1 1\n2 0\n1 1 1\n2 1 0\n"}


def seal() -> Files:
    return {"a.mat": mat(net=matrix())}
