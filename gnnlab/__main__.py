"""``python -m gnnlab``: the entry of the command line."""

from gnnlab.cli import entry

if __name__ == "__main__":
    entry()
