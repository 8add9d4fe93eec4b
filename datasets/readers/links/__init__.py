"""Readers of graphs whose links are to be predicted, one a file format."""
