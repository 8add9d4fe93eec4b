"""Graph autoencoders: states are learned from the edges themselves."""
