"""Lets the tests of this folder import their helpers, and those of layers, by name."""

import sys
from pathlib import Path

for place in (Path(__file__).parent, Path(__file__).parents[2] / "layers"):
    sys.path.insert(0, str(place))
