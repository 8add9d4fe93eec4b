"""The catalogue: one record a dataset, with its files, checksums and citation."""
