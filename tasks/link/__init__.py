"""Link prediction: in one graph with a split of its links, or within many graphs."""
