"""The operations in plain torch: the meaning that every other backend is tested against."""
