"""Curvature of edges: Ollivier-Ricci by optimal transport, balanced Forman by short cycles."""
