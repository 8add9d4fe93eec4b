"""Stereo of SMILES: isomers differ, and any way of writing a molecule gives the same codes."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gnnlab import datasets
from gnnlab.datasets import FlawWarning, Graphs
from gnnlab.datasets.catalogue.records import Record, find
from gnnlab.datasets.chemistry.smiles import ELEMENTS, HIDDEN, Molecule, read_smiles
from gnnlab.datasets.chemistry.stereo import FIRST, SECOND, UNDECIDED, stereo_of
from gnnlab.datasets.loading import load_many
from gnnlab.datasets.splits.scaffold import by_scaffold

# One molecule in several ways, as the rules of OpenSMILES have it, and its other isomer.
ISOMERS = [
    (
        ["N[C@@H](C)C(=O)O", "C[C@H](N)C(=O)O", "OC(=O)[C@@H](N)C", "[C@@H](N)(C(=O)O)C"],
        ["N[C@H](C)C(=O)O", "C[C@@H](N)C(=O)O", "[C@@H](C(=O)O)(N)C"],
    ),
    (
        ["F/C=C/F", "F\\C=C\\F", "C(\\F)=C/F", "C(=C/F)\\F", "F/C=C/1.F1", "F/C=C1.F\\1"],
        ["F/C=C\\F", "F\\C=C/F", "C(/F)=C/F"],
    ),
    (["C/C(Br)=C(/Cl)F", "C/C(Br)=C(\\F)Cl", "Br\\C(C)=C(/Cl)F"], ["C/C(Br)=C(\\Cl)F"]),
    (["C[C@]1(F)CCO1", "C[C@@]1(F)OCC1", "F[C@@]1(OCC1)C"], ["C[C@@]1(F)CCO1"]),
    (["C[S@](=O)CC", "CC[S@](C)=O", "[S@@](C)(=O)CC"], ["C[S@@](=O)CC"]),
    (["C[C@TH1](N)(O)F", "C[C@](N)(O)F"], ["C[C@TH2](N)(O)F"]),
    (["O[C@H](C)[C@H](O)[C@H](C)O"], ["O[C@H](C)[C@@H](O)[C@H](C)O"]),  # ends of two hands
]  # fmt: skip
RICH = [
    *("N[C@@H](CS)C(=O)N[C@@H]([C@H](O)C)C(=O)O", "F/C=C/C(/Cl)=C/[C@H](N)O"),
    *("OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O", "C[C@@H]1CC[C@H](C)C(=O)/C1=C/C"),
    *("C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@]34C)[C@@H]1CC[C@@H]2O", "C[S@](=O)/C=C\\[13CH3]"),
    *("O[C@H](C)[C@H](O)[C@H](C)O", "C[C@H]1CC[C@@H](C)CC1", "[2H][C@](C)(N)O"),
]


@pytest.mark.parametrize(("same", "other"), ISOMERS)
def test_isomers_differ_however_they_are_written(same: list[str], other: list[str]) -> None:
    codes = [[_codes(text) for text in texts] for texts in (same, other)]
    assert all(own == codes[0][0] for own in codes[0])
    assert all(own == codes[1][0] for own in codes[1])
    assert codes[0][0] != codes[1][0]
    plain = [_codes(text, marks=False) for text in (*same, *other)]
    assert all(own == plain[0] for own in plain)  # they differ in nothing else


def _codes(text: str, marks: bool = True) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    molecule = read_smiles(text)
    found = stereo_of(molecule if marks else replace(molecule, turns={}, above={}))
    rows = zip(found.atoms, molecule.elements, molecule.hydrogens, strict=True)
    kinds = [(code, bond[2]) for code, bond in zip(found.bonds, molecule.bonds, strict=True)]
    return sorted(rows), sorted(kinds)


@pytest.mark.parametrize("text", RICH)
def test_any_order_of_writing_gives_every_atom_its_code(text: str) -> None:
    molecule = read_smiles(text)
    wanted, rng = stereo_of(molecule), random.Random(0)
    assert set(wanted.atoms) | set(wanted.bonds) > {0}
    for _ in range(30):
        again, place = _rewritten(molecule, rng)
        found = stereo_of(again)
        assert [found.atoms[place[atom]] for atom in range(len(place))] == list(wanted.atoms)
        sides = {
            frozenset((a, b)): code
            for (a, b, _), code in zip(again.bonds, found.bonds, strict=True)
        }
        for (a, b, _), code in zip(molecule.bonds, wanted.bonds, strict=True):
            assert sides[frozenset((place[a], place[b]))] == code


def _rewritten(molecule: Molecule, rng: random.Random) -> tuple[Molecule, dict[int, int]]:
    """Write a molecule from a random atom in a random order, and read it again."""
    near: list[list[int]] = [[] for _ in molecule.elements]
    kinds = {}
    for one, other, kind in molecule.bonds:
        near[one].append(other)
        near[other].append(one)
        kinds[one, other] = kinds[other, one] = "-=#:$"[kind]
    for row in near:
        rng.shuffle(row)
    start = rng.randrange(len(near))
    place: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    rings: dict[frozenset[int], int] = {}

    def walk(atom: int, before: int) -> None:
        place[atom], children[atom] = len(place), []
        for other in near[atom]:
            if other in place:
                if other != before:
                    rings.setdefault(frozenset((atom, other)), len(rings) + 10)
            else:
                children[atom].append(other)
                walk(other, atom)

    def bond(one: int, other: int) -> str:
        slope = molecule.above.get((one, other))
        return kinds[one, other] if slope is None else "/" if slope > 0 else "\\"

    def write(atom: int, before: int) -> str:
        closed = [other for other in near[atom] if frozenset((atom, other)) in rings]
        order = [*([before] * (before >= 0)), *closed, *children[atom]]
        symbol = ELEMENTS[molecule.elements[atom] - 1]
        count, isotope = molecule.hydrogens[atom], molecule.isotopes[atom] or ""
        text = f"[{isotope}{symbol}{_mark(molecule, atom, order, before >= 0)}H{count}]"
        for other in closed:
            first = place[other] > place[atom]
            text += (bond(atom, other) if first else "") + f"%{rings[frozenset((atom, other))]}"
        *branches, last = [bond(atom, c) + write(c, atom) for c in children[atom]] or [""]
        return text + "".join(f"({branch})" for branch in branches) + last

    walk(start, -1)
    return read_smiles(write(start, -1)), place


def _mark(molecule: Molecule, atom: int, order: list[int], preceded: bool) -> str:
    if atom not in molecule.turns:
        return ""
    mark, written = molecule.turns[atom]
    if HIDDEN in written:
        order = [*order[:preceded], HIDDEN, *order[preceded:]]
    ranks = [written.index(other) for other in order]
    swaps = sum(ranks[i] > ranks[j] for i in range(4) for j in range(i + 1, 4))
    return mark if swaps % 2 == 0 else {"@": "@@", "@@": "@"}[mark]


@pytest.mark.parametrize("text", RICH[:6])
def test_mirror_images_have_the_other_hand_everywhere(text: str) -> None:
    mirrored = text.replace("@@", "!").replace("@", "@@").replace("!", "@")
    one, other = stereo_of(read_smiles(text)), stereo_of(read_smiles(mirrored))
    swapped = [{FIRST: SECOND, SECOND: FIRST}.get(code, code) for code in one.atoms]
    assert list(other.atoms) == swapped and other.bonds == one.bonds


@pytest.mark.parametrize(
    ("text", "atoms", "bonds"),
    [
        ("C[C@H]1CC[C@@H](C)CC1", [1, 4], []),  # centres that define each other
        ("C[C@H](C)O", [1], []),
        ("F[Pt@SP1](Cl)(Br)I", [1], []),
        ("CC(/C)=C/F", [], [2]),  # two methyls
        ("F/C(/Cl)=C/F", [], []),
        ("F/C(\\Cl)=C/F", [], [2]),  # both above
        ("F/C=CF", [], []),  # one end alone says nothing
        ("c1c/cccc1", [], []),
    ],
)
def test_what_cannot_be_told_has_a_code_of_its_own(
    text: str, atoms: list[int], bonds: list[int]
) -> None:
    found = stereo_of(read_smiles(text))
    assert [i for i, code in enumerate(found.atoms) if code == UNDECIDED] == atoms
    assert [i for i, code in enumerate(found.bonds) if code == UNDECIDED] == bonds
    assert found.undecided == bool(atoms or bonds)


TABLE = (
    "smiles,logSolubility\nN[C@@H](C)C(=O)O,1\nN[C@H](C)C(=O)O,2\nF/C=C/F,3\nF/C=C\\F,4\nCCO,5\n"
)


def twin(root: Path) -> Record:
    home = root / "molecules" / "esol"
    home.mkdir(parents=True)
    (home / "esol.csv").write_text(TABLE)
    known, statistics = find("esol"), {"graphs": 5, "features": 6}
    return replace(known, files=("molecules/esol/esol.csv",), url=None, statistics=statistics)


def test_what_is_left_out_is_counted_and_stereo_puts_it_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gnnlab.datasets.files.sources.checksums", dict)
    record = twin(tmp_path)
    with pytest.warns(FlawWarning, match="4 of 5 molecules are written with stereo.*stereo=True"):
        flat = load_many(record, "scaffold", tmp_path, {})
    assert isinstance(flat, Graphs) and flat.features == "smiles" and flat.x_sizes[-1] == 2
    assert torch.equal(flat[0].x, flat[1].x) and torch.equal(flat[2].edge_attr, flat[3].edge_attr)
    full = load_many(record, "scaffold", tmp_path, {"stereo": True})
    assert full.features == "smiles+stereo" and full.num_features == 7
    assert full.x_sizes[-1] == full.edge_sizes[-1] == 4
    for own, old in zip(full, flat, strict=True):
        assert torch.equal(own.x[:, :-1], old.x) and torch.equal(
            own.edge_attr[:, :-1], old.edge_attr
        )
    assert full[0].x[1, -1] != full[1].x[1, -1] and not full[4].x[:, -1].any()
    assert full[2].edge_attr[:, -1].tolist() == [0, 0, 2, 2, 0, 0]
    assert full[3].edge_attr[:, -1].tolist() == [0, 0, 1, 1, 0, 0]
    assert torch.equal(by_scaffold(full).train, by_scaffold(flat).train)


def test_stereo_is_a_setting_that_is_left_out_at_its_default() -> None:
    assert datasets.resolve("bbbp", stereo=True)["stereo"] is True
    assert "stereo" not in datasets.resolve("bbbp", stereo=False)
    assert datasets.resolve("bbbp", stereo=False) == datasets.resolve("bbbp")
    with pytest.raises(ValueError, match="stereo is 'yes', but it must be True or False"):
        datasets.resolve("bbbp", stereo="yes")
    with pytest.raises(ValueError, match="takes no setting 'stereo'"):
        datasets.resolve("MUTAG", stereo=True)


def test_real_molecules_have_their_codes_in_any_order(mirror: Path) -> None:
    with (mirror / "molecules/bbbp/bbbp.csv").open() as file:
        texts = [row["smiles"].strip() for row in csv.DictReader(file)]
    molecules = [read_smiles(text) for text in texts if "." not in text and "*" not in text]
    marked = [molecule for molecule in molecules if molecule.has_stereo]
    rng = random.Random(0)
    assert len(marked) > 100
    for molecule in rng.sample(marked, 60):
        if any(molecule.aromatic):
            molecule = replace(molecule, aromatic=[False] * len(molecule.aromatic))
        again, place = _rewritten(molecule, rng)
        wanted, found = stereo_of(molecule), stereo_of(again)
        assert [found.atoms[place[atom]] for atom in range(len(place))] == list(wanted.atoms)
