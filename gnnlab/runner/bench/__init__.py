"""The ``bench`` command: encoders x datasets in one table."""
