"""Orthogonal transports of CUDA tensors by the reference, recomputed for the gradient."""

from gnnlab.ops.backends.reference.orthogonal_transport import transport as transport
from gnnlab.ops.backends.reference.orthogonal_transport import transport_grad as transport_grad
