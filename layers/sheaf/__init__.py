"""Sheaf diffusion: each edge compares its ends through linear maps."""
