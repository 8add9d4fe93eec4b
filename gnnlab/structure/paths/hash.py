"""Path hashes: computed while paths are found, so that no path is stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnnlab.kernels.arrays import Array
from gnnlab.kernels.compile import compiled, inner
from gnnlab.kernels.mixing import mix
from gnnlab.structure.paths.search import (
    ALL,
    Arcs,
    Scratch,
    advance,
    begin,
    follows,
    forget,
    inlined,
    measure,
    scratch,
)

FAR = np.uint64(0x5851F42D4C957F2D)
"""What a step of distance adds to a colour."""


def _hash_paths(
    first: int, last: int, work: Array, arcs: Arcs, length: int, kind: int, colors: Array,
    out: Array,
) -> None:  # fmt: skip
    """out[v] = sum over the paths of ``length`` edges from v of a hash of their colours in order.

    Of simple paths, the distance of each node from v is hashed with its colour.
    """
    s = scratch(arcs.rowptr.shape[0] - 1, length)
    own, word = np.empty(arcs.rowptr.shape[0] - 1, np.uint64), np.empty(length + 1, np.uint64)
    for v in range(first, last):
        reached = measure(v, arcs, length, kind, s)
        for q in range(reached):
            u = s.queue[q]
            far = FAR * np.uint64(s.dist[u]) if kind == ALL else np.uint64(0)
            own[u] = mix(colors[u] + far)
        out[v] = hash_from(v, arcs, length, kind, own, word, s)
        forget(reached, s)


def _hash_from(
    v: int, arcs: Arcs, length: int, kind: int, own: Array, word: Array, s: Scratch
) -> Any:  # fmt: skip
    """The sum of the hashes of all paths of ``length`` edges that begin at v."""
    total, depth = np.uint64(0), begin(v, 0, arcs, s)
    while depth >= 0:
        u = s.stack[depth]
        word[depth] = mix(own[u] if depth == 0 else own[u] ^ word[depth - 1])
        if depth + 1 == length:
            total += hash_ends(kind, u, depth, word[depth], arcs, own, s)
        depth = advance(kind, depth, length, arcs, s)
    return total


def _hash_ends(
    kind: int, u: int, depth: int, word: Any, arcs: Arcs, own: Array, s: Scratch
) -> Any:  # fmt: skip
    """The sum of the hashes of all paths that go one step on from u and end there."""
    total = np.uint64(0)
    for p in range(arcs.rowptr[u], arcs.rowptr[u + 1]):
        v = arcs.col[p]
        if follows(kind, u, v, depth, s):
            total += mix(own[v] ^ word)
    return total


hash_ends = inlined(_hash_ends)
hash_from = inner(_hash_from)
hash_paths = compiled(_hash_paths)
