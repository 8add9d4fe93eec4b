"""Inputs: features made before the first layer, of categories, positions or nothing."""
