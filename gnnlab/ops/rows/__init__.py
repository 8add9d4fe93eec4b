"""Sorted rows of whole numbers: grouping, search, intersection, difference, sampling."""
