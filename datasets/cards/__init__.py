"""Dataset cards: counts, statistics, source and known flaws of a dataset, printed."""
