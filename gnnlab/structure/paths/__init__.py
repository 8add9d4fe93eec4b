"""Paths: shortest and simple paths from every node, and what they tell apart."""
