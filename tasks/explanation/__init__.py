"""Explanations: which edges and features a prediction comes from, and how good an answer is."""
