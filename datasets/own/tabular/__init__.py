"""Tabular data: frames read, columns found, ids numbered, and what nodes and edges hold."""
