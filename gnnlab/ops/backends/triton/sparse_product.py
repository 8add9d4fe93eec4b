"""Sparse products of CUDA tensors, by the reference, which also computes the gradient."""

from gnnlab.ops.backends.reference.sparse_product import sparse_product as sparse_product
