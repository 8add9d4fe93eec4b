"""Settings of a run: from the command line or a recipe to checked values."""
