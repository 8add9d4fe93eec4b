"""Features and labels that are computed from a graph or changed before training."""
