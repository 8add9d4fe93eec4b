"""Random walks: counts, return probabilities, personalised PageRank, Katz index."""
