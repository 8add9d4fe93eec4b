"""Symbols of the elements of a molecule's atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnnlab.core.arguments import shown
from gnnlab.datasets.chemistry.codes import ATOMS, SMILES_ATOMS
from gnnlab.datasets.chemistry.smiles import ELEMENTS

if TYPE_CHECKING:
    from torch_geometric.data import Data

WIDTHS = sorted({len(SMILES_ATOMS), len(SMILES_ATOMS) + 1, len(ATOMS)})
"""Columns of codes whose first is the element: of SMILES, with stereo, of the OGB."""


def atom_symbols(data: Data) -> list[str]:
    """Return the symbol of each atom of a molecule, ``*`` where the element is unknown.

    Args:
        data: whose first column of x is the atomic number less one, as :func:`molecules` and the
            sets of the Open Graph Benchmark have it.

    Shapes:
        data.x (N, K) -> N symbols

    Raises:
        ValueError: other features.

    Example:
        >>> from gnnlab.datasets import molecules
        >>> atom_symbols(molecules(["CCO", "C[Na]"], [1.0, 2.0], split=None)[0])
        ['C', 'C', 'O']
    """
    x = data.x
    if x is None or x.dim() != 2 or x.shape[1] not in WIDTHS:
        found = None if x is None else tuple(x.shape)
        raise ValueError(
            f"x is {shown(found)}, but codes of atoms have {WIDTHS[0]} to {WIDTHS[-1]} columns, "
            "the first of them the element: read the molecules with datasets.molecules"
        )
    return [ELEMENTS[code] if code < len(ELEMENTS) else "*" for code in x[:, 0].long().tolist()]
