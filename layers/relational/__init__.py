"""Relational convolutions: each type of edge has weights of its own."""
