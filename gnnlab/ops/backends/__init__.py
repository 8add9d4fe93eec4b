"""The one place where an implementation is chosen."""

from __future__ import annotations

from gnnlab.ops.base.choice import Backend, backend_for, kernel_for, neighbours_for, use, zeros_for

__all__ = ["Backend", "backend_for", "kernel_for", "neighbours_for", "use", "zeros_for"]
