"""Contracts: what data, encoders and edge attributes must be, checked with clear errors."""
