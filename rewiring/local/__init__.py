"""Rewirings that keep to near nodes."""
