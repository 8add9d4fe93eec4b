"""SMILES reader: a molecule's atoms, with charges and hydrogens, and its bonds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm "
    "Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
).split()
"""By atomic number, from 1."""
VALENCES = {
    "B": (3,), "C": (4,), "N": (3, 5), "O": (2,), "P": (3, 5), "S": (2, 4, 6),
    "F": (1,), "Cl": (1,), "Br": (1,), "I": (1,),
}  # fmt: skip
"""Of the elements that are written without brackets, whose hydrogens follow."""
SINGLE, DOUBLE, TRIPLE, AROMATIC, QUADRUPLE = range(5)
HIDDEN = -1
"""Among the neighbours of a centre: its hydrogen or lone pair, which is no atom of its own."""
UNTOLD = -1
"""Of a bond with a direction, whose kind is that of one that is not written."""
ORDERS = (1, 2, 3, 1, 4)
BONDS = {
    "-": SINGLE, "=": DOUBLE, "#": TRIPLE, ":": AROMATIC, "$": QUADRUPLE, "/": UNTOLD, "\\": UNTOLD,
}  # fmt: skip
TOKEN = re.compile(
    r"(?P<bracket>\[[^\]]*\])|(?P<organic>Br|Cl|[BCNOPSFI])|(?P<aromatic>[bcnops])|(?P<any>\*)"
    r"|(?P<bond>[-=#$:/\\])|(?P<ring>%\d\d|%\(\d+\)|\d)|(?P<open>\()|(?P<close>\))|(?P<dot>\.)"
)
BRACKET = re.compile(
    r"\[(?P<isotope>\d*)(?P<symbol>\*|[A-Z][a-z]?|[a-z][a-z]?)"
    r"(?P<chiral>@(?:@|TH[12]|AL[12]|SP[1-3]|TB\d+|OH\d+)?)?"
    r"(?P<hydrogens>H\d*)?(?P<charge>\++\d*|-+\d*)?(?::\d+)?\]"
)


@dataclass
class Molecule:
    """Atoms in the order they are written, and bonds in the order they are closed.

    Attributes:
        elements: atomic number of each atom; 0 for ``*``.
        charges, hydrogens: formal charge, and hydrogens that are no atoms of their own.
        aromatic: whether an atom is written in lower case.
        bonds: two atoms and the kind of the bond, ``SINGLE`` … ``QUADRUPLE``.
        isotopes: mass numbers; 0 where none is written.
        turns: of atoms with a stereo mark (``@``, ``@@``, …) the mark, and their neighbours in the
            order in which it counts them.
        above: of bonds with a direction, for an atom and its neighbour, 1 where the neighbour is
            drawn above the atom and -1 where below; given both ways.
    """

    elements: list[int] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)
    hydrogens: list[int] = field(default_factory=list)
    aromatic: list[bool] = field(default_factory=list)
    bonds: list[tuple[int, int, int]] = field(default_factory=list)
    isotopes: list[int] = field(default_factory=list)
    turns: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    above: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def has_stereo(self) -> bool:
        """Whether a mark of stereo is written."""
        return bool(self.turns or self.above)


def read_smiles(text: str) -> Molecule:
    """Read a molecule.

    A bond between two aromatic atoms that is not written is aromatic, all others single. Aromatic
    is what is written so: nothing is perceived. An atom without brackets is filled with hydrogens
    up to the least of its usual valences that its bonds allow, an aromatic one up to one less than
    its lowest. What marks of stereo mean is told by
    :func:`gnnlab.datasets.chemistry.stereo.stereo_of`.

    Raises:
        ValueError: what is wrong, and where.

    Cost: O(length).

    Source:
        Weininger, "SMILES, a chemical language and information system", J. Chem. Inf. Comput. Sci.
        1988; the grammar of OpenSMILES 1.0 (http://opensmiles.org/opensmiles.html).

    Example:
        >>> ethanol = read_smiles("CCO")
        >>> ethanol.elements, ethanol.hydrogens, ethanol.bonds
        ([6, 6, 8], [3, 2, 1], [(0, 1, 0), (1, 2, 0)])
    """
    reader = _Reader(text)
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise reader.wrong(f"{text[place]!r} means nothing", place)
        reader.take(str(match.lastgroup), match.group(), place)
        place = match.end()
    return reader.finish()


class _Reader:
    """What is open while a text is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.molecule = Molecule()
        self.bare: list[int] = []  # atoms whose hydrogens follow from their bonds
        self.last: int | None = None
        self.bond: int | None = None
        self.slope = 0  # of the bond, 1 for "/" and -1 for "\\"
        self.branches: list[int] = []
        self.rings: dict[str, tuple[int, int | None, int, int]] = {}
        self.order: list[list[int]] = []  # neighbours as they are written, HIDDEN for open rings
        self.marks: dict[int, tuple[str, bool]] = {}  # stereo, and whether an atom comes before
        self.joined: set[frozenset[int]] = set()

    def take(self, kind: str, token: str, place: int) -> None:
        """Act on one token."""
        if kind in ("organic", "aromatic", "any"):
            if kind != "any":
                self.bare.append(len(self.molecule.elements))
            number = 0 if kind == "any" else ELEMENTS.index(token.capitalize()) + 1
            self.add(number, 0, 0, kind == "aromatic")
        elif kind == "bracket":
            number, charge, count, aromatic, mark, isotope = self.bracket(token, place)
            if mark:
                self.marks[len(self.molecule.elements)] = (mark, self.last is not None)
            self.add(number, charge, count, aromatic)
            self.molecule.isotopes[-1] = isotope
        elif kind == "bond":
            if self.bond is not None or self.last is None:
                raise self.wrong(f"a bond {token!r} follows no atom", place)
            self.bond = BONDS[token]
            self.slope = {"/": 1, "\\": -1}.get(token, 0)
        elif kind == "ring":
            self.close_ring(token.strip("%()"), place)
        elif self.bond is not None:
            raise self.wrong("a bond leads to no atom", place)
        elif kind == "open":
            if self.last is None:
                raise self.wrong("a branch follows no atom", place)
            self.branches.append(self.last)
        elif kind == "close":
            if not self.branches:
                raise self.wrong("')' closes no branch", place)
            self.last = self.branches.pop()
        else:
            self.last = None

    def bracket(self, token: str, place: int) -> tuple[int, int, int, bool, str, int]:
        """Read element, charge, hydrogens, whether it is aromatic, stereo and isotope."""
        match = BRACKET.fullmatch(token)
        symbol = match["symbol"] if match else ""
        if match is None or (symbol != "*" and symbol.capitalize() not in ELEMENTS):
            raise self.wrong(f"{token} is no atom", place)
        told, hydrogens = match["charge"] or "", match["hydrogens"] or ""
        digits = told.lstrip("+-")
        charge = (int(digits) if digits else len(told)) * (-1 if told.startswith("-") else 1)
        count = int(hydrogens[1:] or 1) if hydrogens else 0
        number = 0 if symbol == "*" else ELEMENTS.index(symbol.capitalize()) + 1
        aromatic, isotope = symbol[0].islower(), int(match["isotope"] or 0)
        return number, charge, count, aromatic, match["chiral"] or "", isotope

    def add(self, number: int, charge: int, hydrogens: int, aromatic: bool) -> None:
        """Append an atom and the bond to the one before."""
        molecule, atom = self.molecule, len(self.molecule.elements)
        molecule.elements.append(number)
        molecule.charges.append(charge)
        molecule.hydrogens.append(hydrogens)
        molecule.aromatic.append(aromatic)
        molecule.isotopes.append(0)
        self.order.append([])
        if self.last is not None:
            self.join(self.last, atom, self.bond)
            self.order[self.last].append(atom)
            self.order[atom].append(self.last)
            self.lay(self.last, atom, self.slope)
        self.last, self.bond, self.slope = atom, None, 0

    def lay(self, one: int, other: int, slope: int) -> None:
        """Remember which end of a bond with a direction lies above."""
        if slope:
            self.molecule.above[one, other] = slope
            self.molecule.above[other, one] = -slope

    def join(self, one: int, other: int, kind: int | None) -> None:
        """Append a bond, aromatic between two such atoms where none is written."""
        self.joined.add(frozenset((one, other)))
        if kind is None or kind == UNTOLD:
            atoms = self.molecule.aromatic
            kind = AROMATIC if atoms[one] and atoms[other] else SINGLE
        self.molecule.bonds.append((one, other, kind))

    def close_ring(self, number: str, place: int) -> None:
        """Remember the atom at the first sight of a ring's number, bond with it at the second."""
        if self.last is None:
            raise self.wrong(f"ring {number} follows no atom", place)
        if number not in self.rings:
            self.rings[number] = (self.last, self.bond, self.slope, len(self.order[self.last]))
            self.order[self.last].append(HIDDEN)
        else:
            other, before, slope, place_there = self.rings.pop(number)
            if other == self.last or frozenset((other, self.last)) in self.joined:
                raise self.wrong(f"ring {number} joins atoms that are joined already", place)
            told = {before, self.bond} - {None, UNTOLD}
            if len(told) > 1:
                raise self.wrong(f"the two bonds of ring {number} differ", place)
            self.join(self.last, other, told.pop() if told else None)
            self.order[other][place_there] = self.last
            self.order[self.last].append(other)
            self.lay(self.last, other, self.slope or -slope)
        self.bond, self.slope = None, 0

    def finish(self) -> Molecule:
        """Check that nothing is open, and fill up with hydrogens."""
        if self.rings or self.branches or self.bond is not None:
            what = f"ring {next(iter(self.rings))}" if self.rings else "a branch or bond"
            raise self.wrong(f"{what} is not closed", len(self.text))
        if not self.molecule.elements:
            raise self.wrong("there is no atom", 0)
        self.turn()
        used = [0] * len(self.molecule.elements)
        for one, other, kind in self.molecule.bonds:
            used[one] += ORDERS[kind]
            used[other] += ORDERS[kind]
        for atom in self.bare:
            valences = VALENCES[ELEMENTS[self.molecule.elements[atom] - 1]]
            if self.molecule.aromatic[atom]:
                free = valences[0] - 1 - used[atom]
            else:
                free = next((v for v in valences if v >= used[atom]), used[atom]) - used[atom]
            self.molecule.hydrogens[atom] = max(free, 0)
        return self.molecule

    def turn(self) -> None:
        """Give every centre its neighbours, a hydrogen or lone pair after the atom before."""
        for atom, (mark, preceded) in self.marks.items():
            order = self.order[atom]
            if len(order) == 3:
                order = [*order[:preceded], HIDDEN, *order[preceded:]]
            self.molecule.turns[atom] = (mark, tuple(order))

    def wrong(self, what: str, place: int) -> ValueError:
        return ValueError(f"{self.text!r} is no SMILES: {what} at character {place + 1}")
