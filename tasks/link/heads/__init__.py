"""Link heads: from the states of two nodes to a score."""
