"""Core helpers that know neither tensors of graphs nor methods: names, errors, files, memory."""
