"""Saved models: what a fit has learnt, kept as safetensors and JSON, and asked again later."""
