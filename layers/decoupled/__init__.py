"""Decoupled encoders: feature maps and propagation are apart."""
