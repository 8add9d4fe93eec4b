"""Subgraph networks: a graph is read as the set of its nodes' subgraphs."""
