"""Codes of atoms and bonds: the number of values of each category in public data sets.

Source: Hu et al., "Open Graph Benchmark: Datasets for Machine Learning on Graphs", NeurIPS 2020
(https://arxiv.org/abs/2005.00687), ``ogb/utils/features.py`` of its releases 1.3.
"""

from __future__ import annotations

ATOMS = (119, 5, 12, 12, 10, 6, 6, 2, 2)
"""Element, chirality, degree, charge, hydrogens, radical electrons, hybridisation, and whether it
is aromatic and in a ring. Older releases lack the last of the five chiralities."""
BONDS = (5, 6, 2)
"""Kind of bond, stereo configuration, and whether it is conjugated."""

SMILES_ATOMS = (119, 12, 12, 10, 2, 2)
"""Element (atomic number - 1, 118 where unknown), neighbours, charge + 5, hydrogens, and whether it
is aromatic and in a ring: what is read off a SMILES without perceiving anything."""
SMILES_BONDS = (5, 2)
"""Single, double, triple, aromatic or quadruple, and whether it is in a ring."""
STEREO = (4,)
"""None, one, the other, or told but not decided: the last column of atoms and of bonds where stereo
is read off a SMILES."""
ZINC_ATOMS = (28,)
"""Kinds of atoms of the subset of ZINC that Benchmarking-GNNs made: elements with their charges and
the hydrogens of charged ones."""
ZINC_BONDS = (4,)
"""Single, double or triple, from 1, aromatic rings written out in turns; 0 does not occur."""
AQSOL_ATOMS, AQSOL_BONDS = (65,), (5,)
"""Elements and kinds of bonds of AQSOL, in the order in which they were met."""
