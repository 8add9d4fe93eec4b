"""Path networks: a node reads the paths that start at it."""
