"""Subgraphs around nodes: k-hop neighbourhoods, k-paths, counts of cycles."""
