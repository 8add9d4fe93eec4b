"""Convolutions on directed graphs: incoming and outgoing neighbours have weights apart."""
