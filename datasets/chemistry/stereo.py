"""Stereochemistry of molecules: the chirality of centres and the geometry of double bonds.

Both are said by codes that do not depend on the order in which a molecule is written: neighbours
are ranked by what they are, and a centre's hand is told by the turn of its neighbours in that rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gnnlab.datasets.chemistry.smiles import DOUBLE, HIDDEN, Molecule

NONE, FIRST, SECOND, UNDECIDED = range(4)
"""Codes. Of an atom: nothing is written; seen from the highest neighbour the others turn left as
their ranks fall; they turn right; it is written, but neighbours are alike. Of a double bond:
nothing is written; the higher neighbours of both ends lie together; they lie opposite; it is
written, but cannot be told."""
TURNS = {"@": FIRST, "@TH1": FIRST, "@@": SECOND, "@TH2": SECOND}


@dataclass(frozen=True)
class Stereo:
    """Codes of a molecule's atoms and bonds, in the molecule's order.

    Attributes:
        atoms, bonds: ``NONE``, ``FIRST``, ``SECOND`` or ``UNDECIDED`` each.
    """

    atoms: tuple[int, ...]
    bonds: tuple[int, ...]

    @property
    def undecided(self) -> bool:
        """Whether something that is written has no code of its own."""
        return UNDECIDED in self.atoms or UNDECIDED in self.bonds


def stereo_of(molecule: Molecule) -> Stereo:
    """Tell the stereo of a molecule in codes that any way of writing it gives.

    Atoms are ranked by element, isotope, charge and hydrogens, then by their neighbours, theirs,
    and so on (colour refinement), in which hands that are known already count; hydrogens and lone
    pairs come last. These are no CIP labels: R and S also depend on rules that are not applied.
    Mirror images of a centre always differ. Where neighbours cannot be told apart in this way, as
    in rings whose centres define each other (cis- and trans-1,4-dimethylcyclohexane), and for
    centres that are no tetrahedron, the code is ``UNDECIDED``.

    Cost: O((N + B) N log N) at worst, for molecules with stereo alone.

    Example:
        >>> from gnnlab.datasets.chemistry.smiles import read_smiles
        >>> [stereo_of(read_smiles(text)).atoms for text in ("N[C@@H](C)O", "O[C@H](C)N")]
        [(0, 2, 0, 0), (0, 2, 0, 0)]
        >>> [stereo_of(read_smiles(text)).bonds for text in ("F/C=C/F", "F/C=C\\\\F", "FC=CF")]
        [(0, 2, 0), (0, 1, 0), (0, 0, 0)]
    """
    atoms, bonds = [NONE] * len(molecule.elements), [NONE] * len(molecule.bonds)
    if not molecule.turns and not molecule.above:
        return Stereo(tuple(atoms), tuple(bonds))
    near = _neighbours(molecule)
    while True:
        rank = _ranks(molecule, near, atoms, bonds)
        found = [_hand(molecule, atom, rank) for atom in range(len(atoms))]
        sides = [_side(molecule, bond, near, rank) for bond in range(len(bonds))]
        before, atoms, bonds = (atoms, bonds), _settled(atoms, found), _settled(bonds, sides)
        if before == (atoms, bonds):
            return Stereo(tuple(atoms), tuple(bonds))


def _settled(before: Sequence[int], found: Sequence[int]) -> list[int]:
    """What is decided stays, so that every round decides more or ends."""
    return [own if own in (FIRST, SECOND) else new for own, new in zip(before, found, strict=True)]


def _neighbours(molecule: Molecule) -> list[list[tuple[int, int]]]:
    """Of every atom its neighbours, each with the number of the bond."""
    near: list[list[tuple[int, int]]] = [[] for _ in molecule.elements]
    for number, (one, other, _) in enumerate(molecule.bonds):
        near[one].append((other, number))
        near[other].append((one, number))
    return near


def _ranks(
    molecule: Molecule,
    near: Sequence[Sequence[tuple[int, int]]],
    atoms: Sequence[int],
    bonds: Sequence[int],
) -> list[int]:
    """Ranks of the atoms by what they and their surroundings are, alike ones equal."""
    kinds = [(kind, side) for (_, _, kind), side in zip(molecule.bonds, bonds, strict=True)]
    own: list[Any] = list(
        zip(
            molecule.elements, molecule.isotopes, molecule.charges, molecule.hydrogens,
            molecule.aromatic, atoms, strict=True,
        )
    )  # fmt: skip
    rank = _places(own)
    while True:
        seen = [
            (rank[atom], sorted(((rank[n], kinds[b]) for n, b in row), reverse=True))
            for atom, row in enumerate(near)
        ]
        finer = _places(seen)
        if max(finer) == max(rank):
            return rank
        rank = finer


def _places(keys: Sequence[Any]) -> list[int]:
    """Number equal keys alike, from 0 in their order."""
    ordered = sorted(range(len(keys)), key=keys.__getitem__)
    place, last = [0] * len(keys), 0
    for before, atom in zip(ordered, ordered[1:], strict=False):
        last += keys[before] != keys[atom]
        place[atom] = last
    return place


def _hand(molecule: Molecule, atom: int, rank: Sequence[int]) -> int:
    if atom not in molecule.turns:
        return NONE
    mark, order = molecule.turns[atom]
    ranks = [-1 if neighbour == HIDDEN else rank[neighbour] for neighbour in order]
    if mark not in TURNS or len(ranks) != 4 or len(set(ranks)) < 4:
        return UNDECIDED
    swaps = sum(ranks[i] < ranks[j] for i in range(4) for j in range(i + 1, 4))
    return TURNS[mark] if swaps % 2 == 0 else FIRST + SECOND - TURNS[mark]


def _side(
    molecule: Molecule,
    bond: int,
    near: Sequence[Sequence[tuple[int, int]]],
    rank: Sequence[int],
) -> int:
    one, other, kind = molecule.bonds[bond]
    if kind != DOUBLE:
        return NONE
    heights = []
    for end, partner in ((one, other), (other, one)):
        rows = sorted((n for n, _ in near[end] if n != partner), key=lambda n: rank[n])
        told = [molecule.above.get((end, n)) for n in rows]
        if not any(told):
            return NONE
        clash = len(rows) == 2 and (rank[rows[0]] == rank[rows[1]] or told[0] == told[1])
        if len(rows) > 2 or clash:
            return UNDECIDED
        heights.append(told[-1] or -(told[0] or 0))
    return FIRST if heights[0] == heights[1] else SECOND
