"""Structures that are stored beside a graph's edges, and whether they still belong to it."""
