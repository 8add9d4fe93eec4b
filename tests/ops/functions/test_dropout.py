from __future__ import annotations

import pytest
import torch

from gnnlab.ops import dropout, use


def drop(x: torch.Tensor, p: float, seed: int = 0) -> torch.Tensor:
    return dropout(x, p, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("p", [0.01, 0.2, 0.5, 0.9])
def test_drops_the_right_share_everywhere(backend: str, p: float) -> None:
    rows, columns = 500, 401
    kept = drop(torch.ones(rows, columns), p) != 0
    for mean, count in ((kept.double().mean(), rows * columns),):
        assert abs(mean.item() - (1 - p)) < 5 * (p * (1 - p) / count) ** 0.5
    for axis, count in ((0, rows), (1, columns)):  # chi-square of the rows' and columns' shares
        z = (kept.double().mean(axis) - (1 - p)) / (p * (1 - p) / count) ** 0.5
        n = len(z)
        assert abs((z**2).sum().item() - n) < 5 * (2 * n) ** 0.5


@pytest.mark.parametrize("lag", [1, 2, 3, 64, 401])
def test_elements_are_independent(backend: str, lag: int) -> None:
    a = (drop(torch.ones(200_001), 0.5) != 0).double() - 0.5
    assert abs((a[lag:] * a[:-lag]).mean().item()) < 0.25 * 5 / 200_000**0.5


def test_seeds_are_independent(backend: str) -> None:
    masks = [(drop(torch.ones(50_000), 0.5, seed) != 0).double() - 0.5 for seed in range(6)]
    for i, a in enumerate(masks):
        for b in masks[:i]:
            assert abs((a * b).mean().item()) < 0.25 * 5 / 50_000**0.5


@pytest.mark.parametrize("shape", [(), (1,), (7,), (5, 3), (2, 3, 5), (0, 4)])
def test_scales_what_it_keeps(backend: str, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape, dtype=torch.float64) + 1
    y = drop(x, 0.25)
    assert y.shape == x.shape
    torch.testing.assert_close(y[y != 0], x[y != 0] / 0.75)


def test_gradient_has_the_same_mask(backend: str) -> None:
    x = (torch.rand(40, 31, dtype=torch.float64) + 1).requires_grad_()
    y = drop(x, 0.3)
    (grad,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(grad, y.detach() / x.detach())
    small = x.detach()[:4, :5].requires_grad_()
    assert torch.autograd.gradcheck(lambda x: drop(x, 0.5), (small,))
    assert torch.autograd.gradgradcheck(lambda x: drop(x, 0.5), (small,))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_backends_give_the_same_bits(dtype: torch.dtype) -> None:
    pytest.importorskip("numba")
    x = torch.randn(1001, 3).to(dtype)
    with use("torch"):
        reference = drop(x, 0.4, seed=5)
    with use("numba"):
        assert torch.equal(drop(x, 0.4, seed=5), reference)


def test_strides_do_not_matter(backend: str) -> None:
    x = torch.randn(30, 20)
    assert torch.equal(drop(x.T, 0.5), drop(x.T.contiguous(), 0.5))


def test_the_global_generator_is_the_default(backend: str) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first, second = dropout(torch.ones(99), 0.5), dropout(torch.ones(99), 0.5)
        torch.manual_seed(3)
        assert torch.equal(dropout(torch.ones(99), 0.5), first)
        assert not torch.equal(first, second)


def test_a_generator_leaves_the_global_one_alone(backend: str) -> None:
    state = torch.random.get_rng_state()
    drop(torch.ones(9), 0.5)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_ends_and_evaluation(backend: str) -> None:
    x = torch.randn(5, 3, requires_grad=True)
    state = torch.random.get_rng_state()
    assert dropout(x, 0.0) is x
    assert dropout(x, 0.5, training=False) is x
    assert torch.equal(dropout(x, 1.0), torch.zeros(5, 3))
    assert dropout(x, 1.0).requires_grad
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_bad_probability(p: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        dropout(torch.ones(3), p)


def test_whole_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"use x.float\(\)"):
        dropout(torch.ones(3, dtype=torch.long), 0.5)
