"""What tasks share: the contract of a task, models, heads, batches, checks of data."""
