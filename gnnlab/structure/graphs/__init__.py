"""Graphs as sorted lists of neighbours: reading, components, keys of pairs, kinds of nodes."""
