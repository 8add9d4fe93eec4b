"""Splits into training, validation and test parts: random, published, folds, scaffolds."""
