"""Published results as TOML: one folder a paper, one file a dataset, one entry a model."""
