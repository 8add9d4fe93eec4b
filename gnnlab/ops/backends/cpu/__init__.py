"""Kernels of CPU tensors: how the compiled loops are called, a file a family of operations."""
