"""Compiled loops: compilation, threads, vector instructions, memory and random numbers."""
