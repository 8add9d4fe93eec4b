"""Readers of single graphs with labels of nodes, one a file format."""
