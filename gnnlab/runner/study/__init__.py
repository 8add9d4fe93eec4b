"""The ``study`` command: rewirings x encoders x datasets, with controls."""
