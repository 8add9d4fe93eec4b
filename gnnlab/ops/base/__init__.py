"""The ground of the operations: choice of a backend, precision, remembered results."""
