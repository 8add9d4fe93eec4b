"""Molecules: SMILES, stereo, and the codes of atoms and bonds."""
