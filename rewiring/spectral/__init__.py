"""Rewirings by spectrum: edges are added that raise the spectral gap or lower resistance."""
