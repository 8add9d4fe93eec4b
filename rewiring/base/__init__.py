"""What a rewiring is: its base class, the changes that it asks for, and their checks."""
