"""Embeddings: vectors of nodes computed from one graph without labels, judged by a probe."""
