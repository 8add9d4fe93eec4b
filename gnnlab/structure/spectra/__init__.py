"""Spectra: eigenvectors of the Laplacian, effective resistance, sparse factorisation."""
