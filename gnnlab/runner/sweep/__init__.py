"""The ``sweep`` command: a search over settings, chosen by validation alone."""
