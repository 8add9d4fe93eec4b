"""Hop distances: breadth-first search from nodes, between pairs, between all pairs."""
