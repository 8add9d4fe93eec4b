"""The operations as torch operators, for ``torch.compile``: opaque, shapes and gradients known.

Each takes the graph as ``edge_index`` and what was done to it (self-loops added, edges turned); the
sorted form is found when the operator runs, and the backend is chosen then. Edge-wise tensors have
the rows of ``edge_index``: an added self-loop weighs 1 and has no row.
"""
