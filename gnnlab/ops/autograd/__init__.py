"""Derivatives of the operations, one file a family of operations."""
