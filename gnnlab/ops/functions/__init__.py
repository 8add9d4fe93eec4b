"""The public operations: arguments are checked, then a backend is called."""
