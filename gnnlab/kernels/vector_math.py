"""Vector math of float32 lanes: the exponential, the logistic function, the hyperbolic tangent.

All three go through one exponential of numbers that are not positive. nan stays nan.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from gnnlab.kernels.vectors import LANE

LOWEST = -87.0
"""Below it exp is 0."""
SMALL = 0.625
"""Numbers nearer to 0 have their tanh from a polynomial, since 1 - e^-2x would lose digits."""


def constant(value: float, like: Any) -> Any:
    """The number in every lane of a vector's type."""
    return ir.Constant(like, [value] * like.count)


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once."""
    kind = ir.FunctionType(a.type, [a.type] * 3)
    name = f"llvm.fma.v{a.type.count}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def polynomial(builder: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    """The highest power first."""
    value = constant(coefficients[0], x.type)
    for c in coefficients[1:]:
        value = fma(builder, value, x, constant(c, x.type))
    return value


def exp(builder: Any, value: Any) -> Any:
    """Cephes' expf (S. Moshier) of numbers <= 0: 2^n e^r with |r| <= ln 2 / 2, within 2 ulp.

    Below -87 the result, smaller than any normal number, is 0.
    """
    kind, words = value.type, ir.VectorType(LANE, value.type.count)
    magic = constant(12582912.0, kind)  # 1.5 * 2^23: adding it rounds to whole numbers, lowest bits
    rounded = fma(builder, value, constant(1.44269504088896341, kind), magic)
    whole = builder.fsub(rounded, magic)
    r = fma(builder, whole, constant(-0.693359375, kind), value)
    r = fma(builder, whole, constant(2.12194440e-4, kind), r)
    terms = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1)
    poly = polynomial(builder, r, (*terms, 0.5))
    one = constant(1.0, kind)
    poly = fma(builder, builder.fmul(poly, r), r, builder.fadd(r, one))
    power = builder.shl(builder.bitcast(rounded, words), ir.Constant(words, [23] * words.count))
    exact = builder.bitcast(builder.add(builder.bitcast(poly, words), power), kind)
    sure = builder.fcmp_ordered(">", value, constant(LOWEST, kind))
    exact = builder.select(sure, exact, constant(0.0, kind))
    return builder.select(builder.fcmp_unordered("uno", value, value), value, exact)


def sigmoid(builder: Any, value: Any) -> Any:
    """1 / (1 + e^-x), from e^-|x|, which keeps the digits of both small and large results."""
    t = exp(builder, builder.fsub(constant(-0.0, value.type), _absolute(builder, value)))
    one = constant(1.0, value.type)
    inverse = builder.fdiv(one, builder.fadd(one, t))
    negative = builder.fcmp_ordered("<", value, constant(0.0, value.type))
    return builder.select(negative, builder.fmul(t, inverse), inverse)


def tanh(builder: Any, value: Any) -> Any:
    """(1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x; Cephes' polynomial near 0."""
    kind = value.type
    size = _absolute(builder, value)
    one = constant(1.0, kind)
    t = exp(builder, builder.fmul(size, constant(-2.0, kind)))
    far = builder.fdiv(builder.fsub(one, t), builder.fadd(one, t))
    negative = builder.fcmp_ordered("<", value, constant(0.0, kind))
    far = builder.select(negative, builder.fsub(constant(-0.0, kind), far), far)
    square = builder.fmul(value, value)
    terms = (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1)
    poly = polynomial(builder, square, (*terms, -3.33332819422e-1))
    near = fma(builder, builder.fmul(poly, square), value, value)
    small = builder.fcmp_ordered("<", size, constant(SMALL, kind))
    return builder.select(small, near, far)


def _absolute(builder: Any, value: Any) -> Any:
    kind = ir.FunctionType(value.type, [value.type])
    name = f"llvm.fabs.v{value.type.count}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [value])
