"""The training loop and its parts: optimiser, schedule, choice of the epoch, threads."""
