"""SMILES, the graphs that are made of them, and splits by scaffold."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest
import torch
from torch import Tensor

from gnnlab import datasets
from gnnlab.datasets import Graphs
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.chemistry.codes import SMILES_ATOMS, SMILES_BONDS, ZINC_ATOMS, ZINC_BONDS
from gnnlab.datasets.chemistry.graphs import ring_bonds, to_graphs
from gnnlab.datasets.chemistry.smiles import AROMATIC, DOUBLE, ELEMENTS, SINGLE, TRIPLE, read_smiles
from gnnlab.datasets.kinds.node import load_graphs
from gnnlab.datasets.splits.scaffold import by_scaffold, scaffolds

# Atoms as symbol, charge and hydrogens; lower case where aromatic. As RDKit reads them.
READ = [
    ("CCO", "C0+3 C0+2 O0+1", [(0, 1, SINGLE), (1, 2, SINGLE)]),
    ("C#N", "C0+1 N0+0", [(0, 1, TRIPLE)]),
    ("[NH4+].[Cl-]", "N1+4 Cl-1+0", []),
    ("[O-][N+](=O)C", "O-1+0 N1+0 O0+0 C0+3", [(0, 1, SINGLE), (1, 2, DOUBLE), (1, 3, SINGLE)]),
    ("C1CC1", "C0+2 C0+2 C0+2", [(0, 1, SINGLE), (1, 2, SINGLE), (2, 0, SINGLE)]),
    ("C%10C=%10", "C0+2 C0+2", None),
    ("OS(=O)(=O)Br", "O0+1 S0+0 O0+0 O0+0 Br0+0", None),
    ("FP(F)(F)(F)F", "F0+0 P0+0 F0+0 F0+0 F0+0 F0+0", None),
    ("CN", "C0+3 N0+2", None),
    ("F/C=C\\F", "F0+0 C0+1 C0+1 F0+0", [(0, 1, SINGLE), (1, 2, DOUBLE), (2, 3, SINGLE)]),
    ("C[C@@H](N)O", "C0+3 C0+1 N0+2 O0+1", None),
    ("[13CH3:7][Fe+2]", "C0+3 Fe2+0", [(0, 1, SINGLE)]),
    ("[Cu++]", "Cu2+0", []),
    ("*C", "*0+0 C0+3", [(0, 1, SINGLE)]),
    ("[se]1cccc1", "se0+0 c0+1 c0+1 c0+1 c0+1", None),
    ("c1cc[nH]c1", "c0+1 c0+1 c0+1 n0+1 c0+1", None),
    ("Cn1cccc1", "C0+3 n0+0 c0+1 c0+1 c0+1 c0+1", None),
    ("O=c1cco1", "O0+0 c0+0 c0+1 c0+1 o0+0", None),
]


@pytest.mark.parametrize(("text", "atoms", "bonds"), [row for row in READ if "%10" not in row[0]])
def test_reads_atoms_charges_hydrogens_and_bonds(
    text: str, atoms: str, bonds: list[tuple[int, int, int]] | None
) -> None:
    found = read_smiles(text)
    told = []
    for number, charge, count, aromatic in zip(
        found.elements, found.charges, found.hydrogens, found.aromatic, strict=True
    ):
        symbol = ELEMENTS[number - 1] if number else "*"
        told.append(f"{symbol.lower() if aromatic else symbol}{charge}+{count}")
    assert " ".join(told) == atoms
    assert bonds is None or found.bonds == bonds


def test_a_bond_between_aromatic_atoms_is_aromatic_unless_written() -> None:
    kinds = {frozenset((a, b)): kind for a, b, kind in read_smiles("c1ccccc1-c1ccccc1").bonds}
    assert kinds[frozenset((5, 6))] == SINGLE
    assert sorted(kinds.values()) == [SINGLE] + [AROMATIC] * 12
    assert read_smiles("c1c/cccc1").bonds[1][2] == AROMATIC  # a direction says nothing of the kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no atom at character 1"),
        ("CX", "'X' means nothing at character 2"),
        ("C(C", "a branch or bond is not closed"),
        ("CC)", r"'\)' closes no branch at character 3"),
        ("C1CC", "ring 1 is not closed"),
        ("C==C", "a bond '=' follows no atom"),
        ("=C", "a bond '=' follows no atom at character 1"),
        ("C=", "a branch or bond is not closed"),
        ("C(=)C", "a bond leads to no atom"),
        ("(C)", "a branch follows no atom"),
        ("1C", "ring 1 follows no atom"),
        ("C11", "ring 1 joins atoms that are joined already"),
        ("C%10C=%10", "ring 10 joins atoms that are joined already"),
        ("C-1CC=1", "the two bonds of ring 1 differ"),
        ("[Xx]", r"\[Xx\] is no atom"),
        ("[C", r"'\[' means nothing"),
    ],
)
def test_what_is_no_smiles_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_smiles(text)


def graphs(*texts: str) -> list[object]:
    y = torch.zeros(len(texts), 1)
    return list(to_graphs([read_smiles(text) for text in texts], y))


def test_codes_fit_their_sizes_and_rings_are_marked() -> None:
    benzoate, lone = datasets_of("[O-]C(=O)c1ccccc1", "[Na+]")
    assert benzoate.x.shape == (9, len(SMILES_ATOMS)) and lone.edge_index.shape == (2, 0)
    assert benzoate.x[0].tolist() == [7, 1, 4, 0, 0, 0]
    assert benzoate.x[3].tolist() == [5, 3, 5, 0, 1, 1] and lone.x[0].tolist() == [
        10,
        0,
        6,
        0,
        0,
        0,
    ]
    assert benzoate.edge_attr.shape == (18, len(SMILES_BONDS))
    ends = benzoate.edge_index.T.tolist()
    kinds = {tuple(p): a for p, a in zip(ends, benzoate.edge_attr.tolist(), strict=True)}
    assert kinds[1, 2] == kinds[2, 1] == [DOUBLE, 0] and kinds[3, 4] == [AROMATIC, 1]
    assert kinds[1, 3] == [SINGLE, 0]
    strange = datasets_of("[*-9]")[0]
    assert strange.x[0].tolist() == [118, 0, 0, 0, 0, 0]


def datasets_of(*texts: str) -> tuple[object, ...]:
    return tuple(graphs(*texts))


def test_rings_are_what_networkx_calls_no_bridge() -> None:
    random = torch.Generator().manual_seed(0)
    for number in range(60):
        drawn = nx.gnm_random_graph(12, int(torch.randint(6, 20, (1,), generator=random)), number)
        ends = torch.tensor(list(drawn.edges)).T
        bridges = {frozenset(edge) for edge in nx.bridges(drawn)}
        expected = [frozenset(edge) not in bridges for edge in drawn.edges]
        assert ring_bonds(ends, 12).tolist() == expected


SAME = [
    ["Cc1ccccc1", "c1ccccc1", "C1=CC=CC=C1CC(=O)O", "Clc1ccc(N)cc1"],
    ["C1CCCCC1", "CC1CCCCC1O"],
    ["c1ccccc1CCc1ccccc1", "Oc1ccccc1CCC1=CC=CC=C1"],
    ["c1ccccc1-c1ccccc1", "c1ccccc1c1ccccc1"],
    ["O=C1CCCCC1", "O=C1CCC(C)CC1"],
    ["CCO", "C", "CC(=O)[O-].[Na+]"],
    ["C1CCC2CCCCC2C1"],  # decalin and two joined rings, which refinement cannot tell apart
    ["C1CCCC1C1CCCC1"],
    ["c1ccncc1"],
    ["c1cc[n+](C)cc1"],
]


def test_scaffolds_are_rings_and_links_with_what_is_doubly_bound() -> None:
    texts = [text for group in SAME for text in group]
    group = [number for number, group in enumerate(SAME) for _ in group]
    first = scaffolds(graphs(*texts)).tolist()  # type: ignore[arg-type]
    assert first == [group.index(number) for number in group]
    turned = scaffolds(graphs(*reversed(texts))).tolist()  # type: ignore[arg-type]
    assert turned == [group[::-1].index(number) for number in group[::-1]]


def test_no_scaffold_is_in_two_parts() -> None:
    texts = [text for group in SAME for text in group] * 3
    molecules = graphs(*texts)
    kind = scaffolds(molecules)  # type: ignore[arg-type]
    for masks in (by_scaffold(molecules), by_scaffold(molecules, 0)):  # type: ignore[arg-type]
        parts = [masks.train, masks.val, masks.test]
        assert bool((sum(part.int() for part in parts) == 1).all())
        for split in range(masks.train.shape[1]):
            held = [set(kind[part[:, split]].tolist()) for part in parts]
            assert not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]
    assert by_scaffold(molecules, 0).train.shape == (len(texts), 10)  # type: ignore[arg-type]
    usual = by_scaffold(molecules)  # type: ignore[arg-type]
    common = torch.bincount(kind)[kind]
    assert int(common[usual.train[:, 0]].min()) >= int(common[usual.test[:, 0]].max())


def twin(folder: Path, like: str, text: str, **statistics: int) -> Record:
    original = find(like)
    home = folder / "molecules" / "twin"
    home.mkdir(parents=True)
    (home / "twin.csv").write_text(text)
    files = ("molecules/twin/twin.csv",) * len(original.files)
    return replace(original, name="twin", files=files, url=None, statistics=statistics)


def test_a_table_of_numbers_and_one_of_classes(tmp_path: Path) -> None:
    text = 'smiles,logSolubility\nCCO,-0.5\nc1ccccc1,"1.25"\nCC,3\n'
    found = load_graphs(
        twin(tmp_path / "a", "esol", text, classes=1), "smiles", "random:0", tmp_path / "a"
    )
    assert found.y.tolist() == [[-0.5], [1.25], [3]] and found.targets == ("logSolubility",)
    assert found.x_sizes == SMILES_ATOMS and found.edge_sizes == SMILES_BONDS
    text = "smiles,p_np\nCCO,1\nc1ccccc1,0\n"
    found = load_graphs(
        twin(tmp_path / "b", "bbbp", text, classes=2), "smiles", "scaffold", tmp_path / "b"
    )
    assert found.y.tolist() == [1, 0] and found.classes == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "smiles,logSolubility\nCCO,-0.5\nC1,2\n",
            "line 3: 'C1' is no SMILES: ring 1 is not closed",
        ),
        ("smiles,logSolubility\nCCO,much\n", "line 2: could not convert"),
        ("smiles,other\nCCO,1\n", "line 2 has no column 'logSolubility'"),
        ("smiles,logSolubility\n", "it has no line"),
        ("", "it has no line"),
    ],
)
def test_damaged_tables_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        load_graphs(twin(tmp_path, "esol", text), "smiles", "scaffold", tmp_path)


def test_coded_molecules_come_back(tmp_path: Path) -> None:
    text = "atoms,bonds,y\n0 2 13,0-1:1 2-1:3,0.5\n4,,-2\n"
    found = load_graphs(twin(tmp_path, "zinc12k_rebuilt", text), "zinc", "public", tmp_path)
    assert len(found) == 6 and found.masks.sizes == (2, 2, 2)
    assert (found.x_sizes, found.edge_sizes) == (ZINC_ATOMS, ZINC_BONDS)
    first, alone = found[2], found[3]
    assert first.x.flatten().tolist() == [0, 2, 13] and first.y.tolist() == [[0.5]]
    assert first.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert first.edge_attr.flatten().tolist() == [1, 1, 3, 3] and alone.num_edges == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 1,0-2:1,1", "line 2: a bond names an atom other than 0 to 1"),
        ("0 1,0-1,1", "line 2: invalid literal"),
        ("0 x,0-1:1,1", "line 2: invalid literal"),
    ],
)
def test_damaged_codes_are_named(line: str, message: str, tmp_path: Path) -> None:
    record = twin(tmp_path, "zinc12k_rebuilt", f"atoms,bonds,y\n{line}\n")
    with pytest.raises(ValueError, match=message):
        load_graphs(record, "zinc", "public", tmp_path)


def loaded(name: str, **given: str) -> Graphs:
    try:
        found = datasets.load(name, **given)
    except FileNotFoundError:
        pytest.skip(f"{name} is not in the mirror")
    assert isinstance(found, Graphs)
    return found


@pytest.mark.parametrize(("name", "count"), [("esol", 1128), ("bbbp", 2039)])
def test_real_tables(name: str, count: int) -> None:
    data = loaded(name)
    train, val, test = data.masks.sizes
    assert len(data) == train + val + test == count and train == int(0.8 * count)
    assert data.split == "scaffold" and loaded(name, split="scaffold:3").train_mask.shape[1] == 10
    assert "MoleculeNet" in str(datasets.card(name))
    assert data.y.dtype == (torch.int64 if name == "bbbp" else torch.float32)


def test_real_smiles_give_the_atoms_and_bonds_that_are_stored_beside_them(mirror: Path) -> None:
    """Kinds of atoms hold element, charge and hydrogens; aromatic bonds are stored kekulised."""
    home = mirror / "molecules/zinc12k_rebuilt"
    kinds = [line.split() for line in (home / "atom_types.txt").read_text().splitlines()]
    with (home / "zinc_val.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        found = read_smiles(row["smiles"])
        stored = [kinds[int(code)] for code in row["atoms"].split()]
        for atom, (symbol, *marks) in enumerate(stored):
            assert ELEMENTS[found.elements[atom] - 1] == symbol
            charge = {"+": 1, "-": -1}.get(marks[-1], 0) if marks else 0
            assert found.charges[atom] == charge
            written = [mark for mark in marks if mark.startswith("H")]
            if written:
                assert found.hydrogens[atom] == int(written[0][1:])
        bonds = dict(word.split(":") for word in row["bonds"].split())
        ours = {frozenset((one, other)): kind for one, other, kind in found.bonds}
        assert len(ours) == len(bonds)
        doubles = torch.zeros(len(stored))
        for pair, kind in bonds.items():
            one, other = map(int, pair.split("-"))
            own = ours[frozenset((one, other))]
            assert own == int(kind) - 1 or own == AROMATIC and kind in "12"
            doubles[[one, other]] += own == AROMATIC and kind == "2"
        assert int(doubles.max()) <= 1


def test_the_rebuilt_zinc(mirror: Path) -> None:
    data = loaded("zinc12k_rebuilt")
    assert data.masks.sizes == (10000, 1000, 1000) and data.y.shape == (12000, 1)
    codes = torch.cat([graph.x for graph in data])
    assert int(codes.max()) < 28 and isinstance(codes, Tensor)
    kinds = torch.cat([graph.edge_attr for graph in data]).unique().tolist()
    assert kinds == [1, 2, 3] and "Not ZINC-12k" in str(datasets.card("zinc-rebuilt"))
