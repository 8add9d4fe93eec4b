"""Who is measured: one module a side, with ``sides(inputs)`` from the names of cases to code.

A side whose package cannot be imported is left out, and so is a case that a side does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from inputs import Inputs, Side

Sides = Callable[[Inputs], dict[str, Side]]
OURS = "gnnlab"
MODULES = {  # name of a side -> module and function
    OURS: ("ours", "sides"),
    "PyG": ("pyg", "sides"),
    "PyG SparseTensor": ("pyg_sparse", "sides"),
    "torch_sparse": ("pyg_sparse", "kernels"),
    "torch CSR": ("csr", "sides"),
    "torch CSR, transpose kept": ("csr", "kept"),
    "torch_scatter": ("scatter", "sides"),
    "DGL": ("with_dgl", "sides"),
    "torch.compile": ("traced", "sides"),
}
ON_REQUEST = ("torch.compile",)
"""It compiles for long."""
SPARSE = ("torch CSR", "PyG SparseTensor", "torch_sparse")
"""What a user can call for a sparse matrix product; the kept transpose is nothing torch offers."""
AT_TEN_MILLION = (OURS, "PyG", *SPARSE, "torch CSR, transpose kept", "DGL")
"""The others take tens of seconds a step there."""


def available(compiled: bool = False) -> tuple[dict[str, Sides], dict[str, str]]:
    """The sides that can be imported here, and why the others cannot."""
    found, missing = {}, {}
    for name, (module, function) in MODULES.items():
        if name in ON_REQUEST and not compiled:
            continue
        try:
            found[name] = getattr(import_module(f"peers.{module}"), function)
        except (ImportError, OSError) as error:  # OSError: built for another torch
            missing[name] = str(error)
    return found, missing
