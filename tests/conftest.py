from __future__ import annotations

import os

# Triton decides at its import whether kernels are interpreted, and torch.compile imports it too.
os.environ.setdefault("TRITON_INTERPRET", "1")
