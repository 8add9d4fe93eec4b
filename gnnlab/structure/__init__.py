"""Graph algorithms on sorted neighbour lists, compiled and shared out over threads.

The modules are imported by name (``gnnlab.structure.hops.sets``), so that nothing compiled loads
before it is asked for; the functions below load theirs. None of them knows a room: graphs come in
as an ``edge_index`` and a node count, or, in ``gnnlab.structure.transforms``, as PyG's ``Data``.
"""

from __future__ import annotations

from gnnlab.core.faces import face

__getattr__, __dir__, __all__ = face(__name__, __file__)
