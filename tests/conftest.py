from __future__ import annotations

import os
import sys
from pathlib import Path

# Lets all tests import the helpers of this folder by name.
sys.path.insert(0, str(Path(__file__).parent))

# Triton decides at its import whether kernels are interpreted, and torch.compile imports it too.
os.environ.setdefault("TRITON_INTERPRET", "1")

# Workers of pytest-xdist share the cores: threads that wait, spinning, for one that another worker
# has pushed off its core would take many times as long. What is about threads asks for them.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
