"""Rewirings by curvature: edges are added where curvature is lowest."""
