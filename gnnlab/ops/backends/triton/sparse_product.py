"""Products with sparse features on CUDA tensors: the reference's, whose gradient is one too."""

from gnnlab.ops.backends.reference.sparse_product import sparse_product as sparse_product
