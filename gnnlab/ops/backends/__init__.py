"""Implementations of the operations, and the table that finds them.

A device's kernels are forward computations, without derivatives. Their sums are in float32 where
tensors are stored in half precision; what they return is contiguous, and what arrives is left as it
is.
"""
