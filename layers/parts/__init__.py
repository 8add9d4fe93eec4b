"""Parts that layers share: linear maps, stacks of layers, gates, self-loops, dropout."""
