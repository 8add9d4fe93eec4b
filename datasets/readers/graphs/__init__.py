"""Readers of sets of many graphs, one a file format."""
