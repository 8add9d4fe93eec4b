"""Checkout finder: lets Python import a source checkout without an install step.

In the repository the rooms ``layers/``, ``rewiring/``, ``datasets/`` and ``tasks/`` lie beside
``gnnlab/``; in an installed wheel they lie inside it. The finder below maps the four names to the
folders beside this package, and is not installed at all where the rooms are found inside.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("datasets", "layers", "rewiring", "tasks")


class CheckoutFinder:
    """Find ``gnnlab.layers`` and its like in the folders beside ``gnnlab/``."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        parent, _, room = name.rpartition(".")
        if parent != "gnnlab" or room not in ROOMS:
            return None
        home = _ROOT / room
        return spec_from_file_location(
            name, home / "__init__.py", submodule_search_locations=[str(home)]
        )


if not (Path(__file__).parent / "layers").is_dir() and (_ROOT / "layers").is_dir():
    # First, since an editable install of another checkout has a finder for these names too.
    sys.meta_path.insert(0, CheckoutFinder)

_REAL = Path(__file__).resolve().parent
if Path(__file__).parent.resolve() != _REAL:
    # Read through the links of an editable install: a file that is newer than they are lies here.
    sys.modules["gnnlab"].__path__.append(str(_REAL))
