"""Splits of links: drawn, official, with hard negatives, and their checks."""
