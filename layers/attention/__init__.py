"""Attention: neighbours are weighted by learned scores."""
