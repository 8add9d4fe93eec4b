"""Clusterings: nodes of one graph parted without labels, compared with their classes."""
