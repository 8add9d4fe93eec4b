"""Graphs as the operations read them: adjacency, masked and traced graphs, pairs, features."""
