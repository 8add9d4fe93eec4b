"""Uncertainty: sets of classes that hold the right one as often as asked for."""
