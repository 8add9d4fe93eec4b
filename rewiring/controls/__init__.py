"""Controls: rewirings that should not help."""
