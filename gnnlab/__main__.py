"""``python -m gnnlab``."""

import sys

from gnnlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
