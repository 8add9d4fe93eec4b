"""Stereo that is written and in no feature: how many molecules' is unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from gnnlab.datasets.chemistry.smiles import Molecule
from gnnlab.datasets.chemistry.stereo import Stereo


def left_out(molecules: Sequence[Molecule], stereo: Sequence[Stereo] | None) -> str:
    """Count the molecules whose stereo is written, but in no feature or not fully.

    Returns:
        A sentence, or nothing where there is none.
    """
    if stereo is None:
        marked = sum(molecule.has_stereo for molecule in molecules)
        told = "are written with stereo, which the features leave out: stereo=True adds codes of it"
    else:
        marked = sum(own.undecided for own in stereo)
        told = "have stereo that is written but has no code of its own, only that it is there"
    return f"{marked} of {len(molecules)} molecules {told}" if marked else ""
