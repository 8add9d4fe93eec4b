"""Metrics, by what is scored: classes, labels, numbers, links, ranks."""
