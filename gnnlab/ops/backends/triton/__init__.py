"""Kernels of CUDA tensors in Triton, a file a family of operations.

A program works on a few rows and a tile of features; every number of a result is added up by one
thread in the order of its row. Nothing is added atomically. Rows longer than
``ranges.LONGEST`` are cut, and their parts joined in order by a second pass. Where inner products
cross threads, the layout is a function of the shapes.
"""
