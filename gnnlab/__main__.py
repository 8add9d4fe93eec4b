"""``python -m gnnlab``."""

import sys

from gnnlab.cli import entry

if __name__ == "__main__":
    sys.exit(entry())
