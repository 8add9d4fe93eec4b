"""The compiled loops themselves, one file a family of operations."""
