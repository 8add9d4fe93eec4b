"""lstm_step, beside torch's own LSTM cell and its formula."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from ops_oracles import normal
from torch import Tensor, nn

from gnnlab import ops
from gnnlab.ops import lstm_step
from gnnlab.ops.backends.reference.lstm import lstm_step as formula

WIDTHS = [1, 3, 4, 8, 16, 29, 64]


def parts(rows: int, width: int, terms: int, held: bool) -> tuple[list[Tensor], Tensor | None]:
    """Terms and c, in double precision."""
    found = [normal(rows, 4 * width, seed=t) for t in range(terms)]
    return found, normal(rows, width, seed=9) if held else None


@pytest.mark.parametrize("width", WIDTHS)
def test_torchs_cell(backend: str, width: int) -> None:
    """The gates lie as in nn.LSTMCell."""
    cell = nn.LSTMCell(5, width)
    x, h, c = normal(7, 5).float(), normal(7, width, seed=1).float(), normal(7, width, seed=2)
    expected = cell(x, (h, c.float()))
    terms = [
        torch.nn.functional.linear(x, cell.weight_ih, cell.bias_ih),
        torch.nn.functional.linear(h, cell.weight_hh, cell.bias_hh),
    ]
    torch.testing.assert_close(lstm_step(terms, c.float()), expected, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("terms", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("width", [3, 20])
def test_values_and_gradients(backend: str, width: int, terms: int, held: bool) -> None:
    """In single precision, beside the formula in double precision."""
    exact, c = parts(11, width, terms, held)
    leaves = [*exact] if c is None else [*exact, c]
    single = [leaf.float().requires_grad_() for leaf in leaves]
    double = [leaf.requires_grad_() for leaf in leaves]
    weights = normal(11, width, seed=21), normal(11, width, seed=22)
    results = []
    for each, step in ((single, lstm_step), (double, formula)):
        h, new = step(each[:terms], each[terms] if held else None)
        total = (h * weights[0].to(h.dtype)).sum() + (new * weights[1].to(h.dtype)).sum()
        results.append([h, new, *torch.autograd.grad(total, each)])
    for got, expected in zip(*results, strict=True):
        torch.testing.assert_close(got.double(), expected, rtol=5e-6, atol=1e-6)


@pytest.mark.parametrize("which", [0, 1])
def test_one_result_alone(backend: str, which: int) -> None:
    """What the other result would receive is nothing, not zeros that someone made."""
    (term,), c = parts(4, 5, 1, True)
    assert c is not None
    grads = []
    for step, dtype in ((lstm_step, torch.float32), (formula, torch.float64)):
        leaves = [t.detach().to(dtype).requires_grad_() for t in (term, c)]
        grads.append(torch.autograd.grad(step([leaves[0]], leaves[1])[which].sum(), leaves))
    for got, expected in zip(*grads, strict=True):
        torch.testing.assert_close(got.double(), expected, rtol=5e-6, atol=1e-6)


def test_extremes(backend: str) -> None:
    """The nonlinearities far out, near 0, at infinity, and of what is no number."""
    line = torch.cat([torch.linspace(-100, 100, 4001), torch.logspace(-8, 0, 50)])
    line = torch.cat([line, -line, torch.tensor([torch.inf, -torch.inf, 0.0, -0.0])])
    zero, far = torch.zeros_like(line), torch.full_like(line, 100.0)
    gates = torch.stack([far, zero, line, far], dim=1)  # c = tanh(line), h = tanh(c)
    h, c = lstm_step([gates])
    expected = torch.tanh(line.double())
    torch.testing.assert_close(c[:, 0].double(), expected, rtol=3e-7, atol=0)
    torch.testing.assert_close(h[:, 0].double(), torch.tanh(c[:, 0].double()), rtol=3e-7, atol=0)
    kept = torch.stack([zero, line, zero, zero], dim=1)  # c = sigmoid(line)
    c = lstm_step([kept], torch.ones(len(line), 1))[1][:, 0].double()
    inside = line.abs() < 87  # below, the result is smaller than any normal number
    torch.testing.assert_close(c[inside], torch.sigmoid(line[inside].double()), rtol=4e-7, atol=0)
    torch.testing.assert_close(c, torch.sigmoid(line.double()), rtol=4e-7, atol=1e-37)
    broken = torch.zeros(1, 4)
    broken[0, 2] = torch.nan
    assert all(bool(t.isnan()) for t in lstm_step([broken]))


@pytest.mark.parametrize("held", [True, False])
def test_gradcheck(held: bool) -> None:
    terms, c = parts(3, 2, 2, held)
    leaves = [*terms] if c is None else [*terms, c]
    step: Any = partial(_step, len(terms))
    for leaf in leaves:
        leaf.requires_grad_()
    assert torch.autograd.gradcheck(step, leaves)
    assert torch.autograd.gradgradcheck(step, leaves)


def _step(terms: int, *leaves: Tensor) -> tuple[Tensor, Tensor]:
    return lstm_step(leaves[:terms], leaves[terms] if len(leaves) > terms else None)


@pytest.mark.parametrize("held", [True, False])
def test_second_derivatives(backend: str, held: bool) -> None:
    """The compiled step is differentiated again through formulas of its own."""
    terms, c = parts(5, 3, 2, held)
    leaves = [*terms] if c is None else [*terms, c]
    found = []
    for dtype, step in ((torch.float32, lstm_step), (torch.float64, formula)):
        each = [leaf.detach().to(dtype).requires_grad_() for leaf in leaves]
        h, new = step(each[:2], each[2] if held else None)
        first = torch.autograd.grad((h**2).sum() + new.sin().sum(), each, create_graph=True)
        found.append(torch.autograd.grad(torch.stack([(g**3).sum() for g in first]).sum(), each))
    for got, expected in zip(*found, strict=True):
        torch.testing.assert_close(got.double(), expected, rtol=1e-4, atol=1e-5)


def test_only_what_is_asked_for(backend: str) -> None:
    """A term that needs no gradient gets none, and rows that are not there are no trouble."""
    terms, _ = parts(4, 3, 2, False)
    fixed, free = terms[0].float(), terms[1].float().requires_grad_()
    lstm_step([fixed, free])[0].sum().backward()
    assert fixed.grad is None and free.grad is not None
    h, c = lstm_step([torch.empty(0, 12)])
    assert h.shape == c.shape == (0, 3)


def test_tables_in_any_layout_and_precision(backend: str) -> None:
    """Transposed and strided ones, and their gradients; types that no kernel is compiled for."""
    term, c = normal(24, 6, seed=1).T, normal(6, 12, seed=2)[:, ::2]
    found = []
    for dtype, step in ((torch.float32, lstm_step), (torch.float64, formula)):
        leaves = [t.to(dtype).clone(memory_format=torch.preserve_format) for t in (term, c)]
        h, new = step([leaves[0].requires_grad_()], leaves[1].requires_grad_())
        grads = torch.autograd.grad([h, new], leaves, [h.detach().T.clone().T, new.detach()])
        found.append([h, new, *grads])
    for got, expected in zip(*found, strict=True):
        torch.testing.assert_close(got.double(), expected, rtol=5e-6, atol=1e-6)
    for dtype in (torch.bfloat16, torch.float16):
        h, new = lstm_step([term.to(dtype)], c.to(dtype))
        assert h.dtype == new.dtype == dtype
        torch.testing.assert_close(h.double(), formula([term], c)[0], rtol=0.05, atol=0.02)


def test_threads_change_no_bit() -> None:
    terms, c = parts(3000, 32, 2, True)
    assert c is not None
    single = [term.float() for term in terms]
    threads, found = torch.get_num_threads(), []
    try:
        for number in (1, 4):
            torch.set_num_threads(number)
            leaves = [term.clone().requires_grad_() for term in single]
            h, new = lstm_step(leaves, c.float())
            found.append([h, new, *torch.autograd.grad(h.sum() + new.sum(), leaves)])
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize(
    ("terms", "c", "told"),
    [
        ([], None, "terms is empty"),
        (torch.zeros(2, 8), None, r"terms is of type Tensor, but it is a list, .* give \["),
        ([torch.zeros(2, 6)], None, "6 columns"),
        ([torch.zeros(2, 8), torch.zeros(3, 8)], None, r"terms\[1\] is \(3, 8\)"),
        ([torch.zeros(2, 8)], torch.zeros(2, 3), r"give \(2, 2\)"),
        ([torch.zeros(2, 8)], torch.zeros(2, 2).double(), "float64"),
        ([torch.zeros(2, 8, dtype=torch.int64)], None, "floating point"),
    ],
)
def test_bad_input(terms: list[Tensor], c: Tensor | None, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        lstm_step(terms, c)


def test_compiled_step_is_used() -> None:
    """Otherwise the comparisons above would be of the formula with itself."""
    with ops.use("numba"):
        leaf = torch.zeros(2, 8, requires_grad=True)
        node = lstm_step([leaf])[0].grad_fn
    assert type(node).__name__ == "LSTMStepBackward"
