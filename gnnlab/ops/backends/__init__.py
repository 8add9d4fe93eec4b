"""Implementations of the operations, and the table that finds them."""
