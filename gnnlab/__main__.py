"""``python -m gnnlab``."""

from gnnlab.cli import entry

if __name__ == "__main__":
    entry()
