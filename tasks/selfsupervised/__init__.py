"""Self-supervised learning: objectives that need no labels, and encoders trained by them."""
