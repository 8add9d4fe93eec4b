from __future__ import annotations

import gc
import weakref

import pytest
import torch
from ops_oracles import normal
from torch import Tensor
from torch.nn import functional as F

from gnnlab import ops
from gnnlab.ops import SparseFeatures, dropout, linear, use

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
NODES, COLUMNS, WIDTH = 23, 17, 5


def bag(nodes: int = NODES, columns: int = COLUMNS, share: float = 0.2) -> Tensor:
    """Mostly zeros, with an empty row and an empty column."""
    keep = torch.rand(nodes, columns, generator=torch.Generator().manual_seed(1)) < share
    keep[nodes // 2], keep[:, columns // 3] = False, False
    return normal(nodes, columns) * keep


def drop(x: Tensor | SparseFeatures, p: float, seed: int = 3) -> Tensor:
    found = dropout(x, p, generator=torch.Generator().manual_seed(seed))
    return found if isinstance(found, Tensor) else found.to_dense()


def close(ours: Tensor, expected: Tensor) -> None:
    loose = {"rtol": 2e-2, "atol": 5e-2} if ours.dtype in (torch.bfloat16, torch.float16) else {}
    torch.testing.assert_close(ours, expected, **loose)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_product_and_its_gradients_are_the_dense_ones(
    backend: str, dtype: torch.dtype, p: float
) -> None:
    x, w, b = (t.to(dtype) for t in (bag(), normal(WIDTH, COLUMNS), normal(WIDTH, seed=2)))
    results = []
    for features in (x, SparseFeatures.of(x.to_sparse_csr())):
        generator = torch.Generator().manual_seed(5)
        leaves = w.clone().requires_grad_(), b.clone().requires_grad_()
        y = linear(dropout(features, p, generator=generator), *leaves)
        grad = normal(NODES, WIDTH, seed=4).to(dtype)
        results.append([y, *torch.autograd.grad(y, leaves, grad)])
    for expected, ours in zip(*results, strict=True):
        assert ours.dtype == dtype and ours.shape == expected.shape
        close(ours, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(4))
def test_dropout_takes_the_elements_that_it_takes_from_the_dense_matrix(
    backend: str, dtype: torch.dtype, seed: int
) -> None:
    x = bag().to(dtype)
    assert torch.equal(drop(SparseFeatures.of(x.to_sparse()), 0.4, seed), drop(x, 0.4, seed))


def test_backends_drop_the_same_and_give_the_same_sums() -> None:
    pytest.importorskip("numba")
    x, w = SparseFeatures.of(bag().to_sparse_csr()), normal(WIDTH, COLUMNS)
    found = []
    for name in ("torch", "numba"):
        with use(name):
            found.append(linear(dropout(x, 0.4, generator=torch.Generator().manual_seed(0)), w))
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)


def test_drops_the_right_share(backend: str) -> None:
    x = SparseFeatures.of(torch.ones(300, 200).to_sparse_csr())
    kept = drop(x, 0.3) != 0
    assert abs(kept.double().mean().item() - 0.7) < 5 * (0.21 / kept.numel()) ** 0.5


def test_it_differentiates_twice(backend: str) -> None:
    x, w = SparseFeatures.of(bag().to_sparse_csr()), normal(WIDTH, COLUMNS).requires_grad_()

    def function(w: Tensor) -> Tensor:
        return linear(dropout(x, 0.5, generator=torch.Generator().manual_seed(0)), w)

    assert torch.autograd.gradcheck(function, (w,))
    assert torch.autograd.gradgradcheck(function, (w,))


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (1, 1), (3, 70)])
def test_awkward_shapes(backend: str, shape: tuple[int, int]) -> None:
    x, w = normal(*shape), normal(WIDTH, shape[1]).requires_grad_()
    y = linear(x.to_sparse_csr(), w)
    torch.testing.assert_close(y, F.linear(x, w))
    torch.testing.assert_close(*(torch.autograd.grad(t.sum(), w)[0] for t in (y, F.linear(x, w))))


def test_repeated_and_unsorted_entries_add_up(backend: str) -> None:
    place = torch.tensor([[1, 0, 1, 1], [2, 0, 0, 2]])
    x = torch.sparse_coo_tensor(place, normal(4), (2, 3))
    repeated = torch.sparse_csr_tensor([0, 1, 4], [0, 2, 0, 2], normal(4)[[1, 0, 2, 3]], (2, 3))
    w = normal(WIDTH, 3)
    torch.testing.assert_close(linear(x, w), F.linear(x.to_dense(), w))
    torch.testing.assert_close(linear(repeated, w), F.linear(x.to_dense(), w))


def test_autocast_gives_what_torchs_linear_gives(backend: str) -> None:
    x, w, b = bag().float(), normal(WIDTH, COLUMNS).float(), normal(WIDTH).float()
    w.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        ours, expected = linear(x.to_sparse_csr(), w, b), F.linear(x, w, b)
    assert ours.dtype == expected.dtype == torch.bfloat16
    close(ours, expected)
    (grad,) = torch.autograd.grad(ours.float().sum(), w)
    assert grad.dtype == torch.float32
    (other,) = torch.autograd.grad(expected.float().sum(), w)
    close(grad.bfloat16(), other.bfloat16())


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    pytest.importorskip("numba")
    x = SparseFeatures.of(bag(9_000, 400).float().to_sparse_csr())
    w, before, found = normal(64, 400).float().requires_grad_(), torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            y = linear(dropout(x, 0.5, generator=torch.Generator().manual_seed(0)), w)
            found.append((y, *torch.autograd.grad(y.square().sum(), w)))
    finally:
        torch.set_num_threads(before)
    for one, three in zip(*found, strict=True):
        assert torch.equal(one, three)


@pytest.mark.parametrize("layout", [torch.sparse_csr, torch.sparse_coo])
def test_a_tensor_is_read_once_and_forgotten_with_it(backend: str, layout: torch.layout) -> None:
    x = bag().to_sparse(layout=layout)
    features = SparseFeatures.of(x)
    assert SparseFeatures.of(x) is features
    assert features._entries(True).rowptr is features._entries(True).rowptr
    values = x.values() if layout is torch.sparse_csr else x._values()
    values.mul_(2)
    assert torch.equal(SparseFeatures.of(x).to_dense(), x.to_dense())
    alive = weakref.ref(SparseFeatures.of(x))
    del x, features, values
    gc.collect()
    assert alive() is None


def test_what_was_read_in_inference_mode_serves_training(backend: str) -> None:
    with torch.inference_mode():
        x = SparseFeatures.of(bag().to_sparse_csr())
        linear(x, normal(WIDTH, COLUMNS))
    w = normal(WIDTH, COLUMNS).requires_grad_()
    linear(dropout(x, 0.5), w).sum().backward()
    assert w.grad is not None


def test_torch_func_transforms_go_through(backend: str) -> None:
    x, w = SparseFeatures.of(bag().to_sparse_csr()), normal(WIDTH, COLUMNS)
    found = torch.func.grad(lambda w: linear(x, w).square().sum())(w)
    expected = torch.func.grad(lambda w: F.linear(bag(), w).square().sum())(w)
    torch.testing.assert_close(found, expected)


def test_shape_and_place() -> None:
    x = SparseFeatures.of(bag().to_sparse_csr())
    assert x.shape == (NODES, COLUMNS) and len(x) == NODES and x.size(1) == COLUMNS
    assert x.dtype == torch.float64 and x.device.type == "cpu"
    assert torch.equal(x.to("cpu").to_dense(), bag())
    assert "(23, 17)" in repr(x)


def test_refused() -> None:
    sparse, w = bag().to_sparse_csr(), normal(WIDTH, COLUMNS)
    with pytest.raises(ValueError, match=r"weight \(5, 16\) does not fit features of 17 columns"):
        linear(sparse, w[:, 1:])
    with pytest.raises(ValueError, match="torch.float64 but weight is torch.float32"):
        linear(sparse, w.float())
    with pytest.raises(ValueError, match="not torch.strided"):
        SparseFeatures.of(bag())
    with pytest.raises(ValueError, match="require a gradient"):
        linear(bag().to_sparse().requires_grad_(), w)
    with pytest.raises(ValueError, match="apply dropout once"):
        dropout(dropout(SparseFeatures.of(sparse), 0.5), 0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        dropout(SparseFeatures.of(sparse), 2.0)
    with pytest.raises(ValueError, match="torch.int64"):
        linear(sparse.to(torch.int64), w)


@pytest.mark.parametrize(
    ("rowptr", "col", "message"),
    [
        ([0, 2, 1, 2], [0, 1], "row pointers run from 0 to 2"),
        ([1, 1, 2, 2], [0, 1], "row pointers run from 1 to 2"),
        ([0, 1, 2, 3], [0, 1], "row pointers run from 0 to 3"),
        ([0, 1, 2, 2], [0, 3], "an entry is in column 3, but there are 3 columns"),
        ([0, 1, 2, 2], [-1, 0], "an entry is in column -1"),
    ],
)
def test_broken_indices_are_named(rowptr: list[int], col: list[int], message: str) -> None:
    x = torch.sparse_csr_tensor(rowptr, col, torch.ones(2), (3, 3), check_invariants=False)
    with pytest.raises(ValueError, match=message):
        ops.SparseFeatures.of(x)
