"""Diagnostics: how well information can flow through a graph."""
