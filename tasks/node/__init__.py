"""Node classification: in one graph, or over a set of many graphs."""
