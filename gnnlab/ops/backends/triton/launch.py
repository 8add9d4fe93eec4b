"""Launch of kernels: on the tensors' device and current stream, in tiles that fit."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.runtime.jit import JITFunction

WIDEST = 128
"""Features in one tile at most: wider rows are read by several programs."""


class Tile(NamedTuple):
    """Rows and features that one program holds, and the warps it runs on."""

    rows: int
    features: int
    warps: int


@triton.jit
def as_float(bits):
    """The float64 with these bits: a float argument would arrive in single precision."""
    return tl.cast(bits, tl.int64).to(tl.float64, bitcast=True)


@triton.jit
def offsets(row, width, feature):
    """Where the features of the rows lie; rows times width may exceed 32 bits."""
    return row.to(tl.int64)[:, None] * width + feature[None, :]


@triton.jit
def narrow(value, out):
    """The value in the type that ``out`` points to, rounded to nearest."""
    kind: tl.constexpr = out.dtype.element_ty
    if CUT_OFF and kind == tl.bfloat16:
        whole = value.to(tl.float32)
        word = whole.to(tl.uint32, bitcast=True)
        word = (word + 0x7FFF + ((word >> 16) & 1)) >> 16
        word = tl.where(whole == whole, word, 0x7FC0)
        return word.to(tl.uint16).to(tl.bfloat16, bitcast=True)
    else:
        return value.to(kind)


INTERPRETED = not isinstance(as_float, JITFunction)
"""Whether TRITON_INTERPRET=1 was set when this module was imported."""
CUT_OFF = tl.constexpr(INTERPRETED)  # the interpreter turns float32 to bfloat16 by cutting off bits
TILES = [(512, 4), (256, 2), (1024, 4), (512, 8), (1024, 8)]
"""Numbers in a tile, and warps, that are worth trying; the first is taken where none can be."""

_tuned: dict[tuple[Any, ...], tuple[int, int]] = {}


def launch(kernel: Any, grid: tuple[int, ...], like: Tensor, *args: Any, **meta: Any) -> None:
    """Run a kernel over a grid, on the current stream of the device that ``like`` lies on."""
    if 0 in grid:
        return
    # Without fused multiply-adds, which a compiler may place differently in each configuration.
    with on_device(like):
        kernel[grid](*args, **meta, enable_fp_fusion=False)


def on_device(like: Tensor) -> AbstractContextManager[Any]:
    """Triton starts kernels on the current device, which need not be the tensors'."""
    if like.device.type != "cuda" or like.device.index == torch.cuda.current_device():
        return nullcontext()
    return torch.cuda.device(like.device)


def tile(count: int, features: int, numbers: int = TILES[0][0], warps: int = TILES[0][1]) -> Tile:
    """A tile of about ``numbers`` numbers for ``count`` rows."""
    wide = min(triton.next_power_of_2(max(features, 1)), WIDEST)
    if INTERPRETED:  # it pays per program, whatever a program holds
        return Tile(min(triton.next_power_of_2(max(count, 1)), 64), wide, warps)
    return Tile(max(1, numbers // wide), wide, warps)


def tuned(
    key: tuple[Any, ...], like: Tensor, count: int, features: int, start: Callable[[Tile], None]
) -> None:
    """Start a kernel with the tile that was fastest for its key; the first call tries all.

    A tile changes no bit of the result: no sum crosses the numbers that one thread holds.

    Args:
        key: what the fastest tile depends on; the device and the magnitude of count are added.
        start: runs the kernel with a tile, as often as wanted.
    """
    key = like.device, count.bit_length() // 4, *key
    fixed = INTERPRETED or torch.cuda.is_current_stream_capturing()
    if key not in _tuned and not fixed:
        bench = triton.testing.do_bench

        def seconds(shape: tuple[int, int]) -> float:
            with on_device(like):
                return float(bench(lambda: start(tile(count, features, *shape)), 2, 10))

        _tuned[key] = min(TILES, key=seconds)
    start(tile(count, features, *_tuned.get(key, TILES[0])))


def bits(value: float) -> int:
    """The bits of a float64 as a signed whole number."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def accumulator(x: Tensor) -> Any:
    """The type that numbers of this tensor are added up in."""
    return tl.float64 if x.dtype is torch.float64 else tl.float32
