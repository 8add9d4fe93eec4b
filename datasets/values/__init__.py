"""Values that datasets are made of: masks, sets of graphs, lists of edges."""
