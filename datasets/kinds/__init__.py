"""From what a reader returns to PyG's ``Data`` or ``Graphs``, by the kind of dataset."""
