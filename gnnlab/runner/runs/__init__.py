"""Runs: data, model and training of one setting, and its results on disk."""
