"""LSTM step of many cells side by side."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from gnnlab.ops.functions.checks import check_list
from gnnlab.ops.functions.chosen import kernel
from gnnlab.ops.graphs.tensors import check_float


def lstm_step(terms: Sequence[Tensor], c: Tensor | None = None) -> tuple[Tensor, Tensor]:
    r"""From the gates of P cells, before their nonlinearities, and what the cells hold.

    .. math:: [i, f, g, o] = \sum_t z_t, \qquad
        c' = \sigma(f) \odot c + \sigma(i) \odot \tanh(g), \qquad
        h = \sigma(o) \odot \tanh(c')

    The gates come as terms that are still to be added up, such as what the input and what the last
    state bring in. Single precision on the CPU is compiled: each number is read and written once,
    e^x is within 2 ulp, and what is kept for the gradient is the gates behind their nonlinearities
    and both c.

    Args:
        terms: z, one tensor or more; the four gates lie side by side, as in ``torch.nn.LSTMCell``.
        c: what the cells hold before the step; None for 0, at the first one.

    Shapes:
        terms (P, 4 H) each, c (P, H) -> h (P, H) and the new c (P, H)

    Raises:
        ValueError: no terms, tensors that are not floating point, or of other shapes, dtypes or
            devices than these.

    Source:
        Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997, with
        the forget gate of Gers, Schmidhuber and Cummins, 2000.

    Example:
        >>> h, c = lstm_step([torch.zeros(1, 4)], torch.ones(1, 1))
        >>> c.item()
        0.5
    """
    _check(terms, c)
    found: tuple[Tensor, Tensor] = kernel("lstm_step", *terms, c)(terms, c)
    return found


def _check(terms: Sequence[Tensor], c: Tensor | None) -> None:
    check_list("terms", terms, "of what is added up")
    if not terms:
        raise ValueError("terms is empty: give what the gates are the sum of, (P, 4 H) each")
    check_float("terms[0]", terms[0], (2,), "(P, 4 H)")
    rows, width = terms[0].shape
    if width % 4:
        raise ValueError(
            f"terms[0] has {width} columns, but four gates of one width lie side by side: give 4 H"
        )
    named = {f"terms[{t}]": (term, width) for t, term in enumerate(terms)}
    if c is not None:
        named["c"] = (c, width // 4)
    for name, (value, columns) in named.items():
        # No numbers in these words: a compiled graph would be built anew for each of them.
        check_float(name, value, (2,), "(P, H)" if name == "c" else "(P, 4 H)")
        if value.shape != (rows, columns):
            raise ValueError(
                f"{name} is {tuple(value.shape)}, but terms[0] is ({rows}, {width}): give "
                f"({rows}, {columns})"
            )
        if (value.dtype, value.device) != (terms[0].dtype, terms[0].device):
            raise ValueError(
                f"{name} is {value.dtype} on {value.device}, but terms[0] is {terms[0].dtype} on "
                f"{terms[0].device}: give both alike"
            )
